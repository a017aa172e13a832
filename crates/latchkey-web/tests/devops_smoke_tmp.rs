use latchkey_testkit::on_both_databases;
#[test]
fn serve() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world
            .app("burndown")
            .asking("openid offline_access vso.work_write vso.code_write vso.build_execute vso.project vso.profile")
            .request();
        let code = ana.approves_request(&request).await;
        let tokens = world.redeem(&code).await.unwrap();
        let pat = world.pat();
        let code = pat.approves_request(&request).await;
        let pats = world.redeem(&code).await.unwrap();
        let listener = world.listen().await;
        let before = world.store().counters();
        for _ in 0..3 {
            assert_eq!(tokens.get("/harbor/_apis/projects").send().await.status, 200);
        }
        println!("{:?} -> {:?}", before, world.store().counters());
        std::fs::write(
            "/tmp/smoke.env",
            format!("URL={}\nTOKEN={}\nPAT={}\n", listener.url(), tokens.access, pats.access),
        )
        .unwrap();
        while std::path::Path::new("/tmp/smoke.env").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            if std::path::Path::new("/tmp/revoke").exists() {
                std::fs::remove_file("/tmp/revoke").unwrap();
                ana.revokes_all().await;
            }
        }
    });
}
