//! How much a refresh writes: one page, however many token families there are. Each index that a rotation had to keep would be another.

use std::fs;

use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_store::DatabaseUrl;
use latchkey_testkit::databases::{TestDatabase, runtime};

use crate::builders::*;

/// A page in the log, with its head.
const FRAME: u64 = 4_096 + 24;

#[test]
fn a_rotation_writes_one_page_among_many_families() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let DatabaseUrl::Sqlite(file) = database.url() else { panic!("not a file") };
        let store = database.open().await;
        with_everything(&store, &an_authorization()).await;
        let families =
            (0..300).map(|number| start_family(&TokenFamily { id: FamilyId(id(0x1_0000 + number)), ..a_family() }));
        with(&store, families.collect()).await;
        let written = || fs::metadata(file.with_extension("db-wal")).unwrap().len();
        for generation in 0..5 {
            let before = written();
            with(&store, vec![rotate(generation, later(60 + u64::from(generation)))]).await;
            assert_eq!(written() - before, FRAME);
        }
    });
}
