//! A cluster that an early build made: its store has a format that this build does not read.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::cluster::{expect, free_ports, quorate};

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/version-1");

#[test]
fn an_old_cluster_is_refused_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["cluster.toml", "cluster.key", "node-1.redb"] {
        fs::copy(Path::new(OLD).join(name), folder.path().join(name)).unwrap();
    }
    let owner_only = Permissions::from_mode(0o600);
    fs::set_permissions(folder.path().join("cluster.key"), owner_only).unwrap();
    let path = folder.path().join("cluster.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("heartbeat_ms = 50\nelection_ms = [150, 300]\n\n[[node]]"), "{text}");
    let address = format!("127.0.0.1:{}", free_ports(1) + 1);
    fs::write(&path, text.replace("127.0.0.1:7656", &address)).unwrap();

    let node = quorate(["node", "--config", path.to_str().unwrap(), "--id", "1"]);
    expect(&node, 74, &["node-1.redb: the store has format 2, and this program reads format 4"]);
    let store = |folder: &Path| fs::read(folder.join("node-1.redb")).unwrap();
    assert_eq!(store(folder.path()), store(Path::new(OLD)));
}
