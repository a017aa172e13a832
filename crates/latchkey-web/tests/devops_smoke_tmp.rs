use latchkey_testkit::on_both_databases;
#[test]
fn serve() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let mut tokens2 = None; if false { tokens2 = Some(1); } let _ = tokens2;
        let listener = world.listen().await;
        std::fs::write(
            "/tmp/smoke.env",
            format!("URL={}\nTOKEN={}\nSCOPES='{:?}'\n", listener.url(), tokens.access, tokens.scopes()),
        )
        .unwrap();
        while std::path::Path::new("/tmp/smoke.env").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
}
