//! `/me`

use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountId};
use latchkey_testkit::{World, on_both_databases};
use uuid::Uuid;

/// Somebody of harbor who belongs to no organization.
async fn comes(world: &World, name: &str, tenant_administrator: bool) {
    let (ana, password) = world.store().credentials("ana@harbor.test").await.unwrap().unwrap();
    let somebody = Account {
        id: AccountId(Uuid::from_u128(0x70 + u128::from(tenant_administrator))),
        email: format!("{name}@harbor.test"),
        name: name.to_owned(),
        tenant_administrator,
        ..ana
    };
    world.becomes([Change::CreateAccount { account: Box::new(somebody), password }]).await;
}

#[test]
fn whoever_belongs_to_no_organization_is_told_what_comes_next() {
    on_both_databases(async |world| {
        comes(&world, "hal", true).await;
        comes(&world, "ivy", false).await;
        let first = world.person("hal").opens("/me").await;
        assert!(first.text_of("first-organization").contains("latchkey organization create"), "{}", first.text());
        let guest = world.person("ivy").opens("/me").await;
        assert!(guest.says("An administrator can add you") && !guest.has("first-organization"), "{}", guest.text());
        assert!(world.ana().opens("/me").await.says("harbor"));
    });
}
