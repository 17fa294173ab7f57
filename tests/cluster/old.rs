//! A cluster of before there was a second protocol, made by the code of that time: its config has
//! timers at the top, and its store names no protocol.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::cluster::{Process, expect, free_ports, quorate, wait_for};

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/version-1");

#[test]
fn an_old_cluster_goes_on_with_what_it_had() {
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

    let (folder, path) = (folder.path().to_str().unwrap(), path.to_str().unwrap());
    let _running = Process::start(["cluster", "--dir", folder]);
    let get = |key: &str| quorate(["kv", "--config", path, "get", key]);
    wait_for("what it had", || (get("key2").stdout == b"value2").then_some(()));
    expect(&quorate(["kv", "--config", path, "put", "key4", "value4"]), 0, &[]);
    for number in ["1", "2", "3", "4"] {
        assert_eq!(get(&format!("key{number}")).stdout, format!("value{number}").as_bytes());
    }
}
