//! Every way in which a cluster's folder can be wrong, and what is said about it.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::{Config, ConfigError, FILE, Runs, UNNAMED, load_key};

const GOOD: &str = r#"
cluster = "9f3c06ab51d2e874"
protocol = "toy"
key_file = "cluster.key"
[timers]
tick_ms = 50
rest_ms = [150, 300]
[options]
careful = false
[[node]]
id = 2
address = "127.0.0.1:7102"
store = "node-2.store"
store_id = "5be0cd19137e2179"
[[node]]
id = 1
address = "127.0.0.1:7101"
store = "node-1.store"
"#;

/// What the good file says of the store of the second node.
const SECOND_ID: &str = "5be0cd19137e2179";

/// The timers of the protocol "toy".
const TIMERS: [(&str, Range<Duration>); 2] = [("tick", ms(50, 50)), ("rest", ms(150, 300))];

/// Its options.
const OPTIONS: [(&str, bool); 2] = [("careful", true), ("quick", false)];

const RUNS: Runs<'_> =
    Runs { protocol: "toy", timers: &TIMERS, options: &OPTIONS, numbers_stores: true };

const fn ms(shortest: u64, longest: u64) -> Range<Duration> {
    Duration::from_millis(shortest)..Duration::from_millis(longest)
}

/// The names that there are, with their addresses.
fn look_up(place: &str) -> io::Result<Vec<SocketAddr>> {
    let (host, port) = place.rsplit_once(':').unwrap();
    let ips: &[&str] = match host {
        "both" => &["fd00::1", "10.0.0.1"],
        "old" => &["10.0.0.2", "10.0.0.3"],
        "new" => &["fd00::2"],
        "nowhere" => &[],
        "here" => &["127.0.1.1"],
        _ => return Err(io::Error::other("it is not known")),
    };
    let port = port.parse().unwrap();
    Ok(ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect())
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("some/cluster.toml"), text, &look_up)
}

/// What is said about the good file with `old` replaced by `new`.
fn complaint(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old));
    let message = parse(&GOOD.replace(old, new)).unwrap_err().to_string();
    message.strip_prefix("some/cluster.toml: ").expect("every message names the file").to_owned()
}

fn create(dir: &Path) -> Result<Config, ConfigError> {
    Config::create(dir, 3, 7100, &RUNS, |_| Ok(()))
}

#[test]
fn a_good_file_is_understood() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.cluster, 0x9f3c_06ab_51d2_e874);
    assert_eq!(config.key_file, Path::new("some/cluster.key"));
    assert_eq!(config.protocol, "toy");
    assert_eq!(config.timers["tick"], ms(50, 50));
    assert_eq!(config.timers["rest"], ms(150, 300));
    config.has_timers_of(&TIMERS).expect("they are the protocol's");
    assert_eq!(config.options, [("careful".to_owned(), false)].into());
    config.has_options_of(&OPTIONS).expect("they are the protocol's");
    assert_eq!(config.nodes.iter().map(|node| node.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(config.node(2).unwrap().store, Path::new("some/node-2.store"));
    assert_eq!(config.store_ids(), [(2, 0x5be0_cd19_137e_2179)].into());
    assert!(
        config.node(3).unwrap_err().to_string().ends_with("cluster.toml: node: there is no node 3")
    );
}

/// What is replaced in the good file, by what, and what is then said.
const COMPLAINTS: &[(&str, &str, &str)] = &[
    ("\"9f3c06ab51d2e874\"", "\"9f3c\"", "cluster: \"9f3c\" is not 16 hex digits"),
    ("9f3c06ab51d2e874", "+f3c06ab51d2e874", "cluster: \"+f3c06ab51d2e874\" is not 16"),
    ("tick_ms = 50", "tick_ms = 0", "tick_ms: it must be at least 1"),
    ("tick_ms", "tick", "timers: \"tick\" does not end with _ms"),
    ("[150, 300]", "[0, 300]", "rest_ms: it must be at least 1"),
    ("[150, 300]", "[300, 300]", "rest_ms: the shortest, 300, must be below the longest"),
    (
        "[timers]",
        "heartbeat_ms = 9\n[timers]\nheartbeat_ms = 9",
        "heartbeat_ms: it is here twice, once below [timers]",
    ),
    ("id = 2", "id = 0", "node 0: id: it must be at least 1"),
    ("id = 2", "id = 4294967296", "node 4294967296: id: it must be at least 1 and below"),
    ("id = 2", "id = 1", "node: id: two nodes have the number 1"),
    ("127.0.0.1:7102", "127.0.0.1:7101", "node: address: nodes 1 and 2 both have 127.0.0.1:7101"),
    ("node-2.store", "node-1.store", "node: store: nodes 1 and 2 both have some/node-1.store"),
    ("node-2.store", "", "node 2: store: it is empty"),
    (SECOND_ID, "5be0cd19137e217", "node 2: store_id: \"5be0cd19137e217\" is not 16 hex digits"),
    (SECOND_ID, "0000000000000000", "node 2: store_id: no store has the number 0"),
    (
        "store_id",
        "joins = true\nstore_id",
        "node 2: store_id: the node joins, and only the stores of founders are known before",
    ),
    (
        "\"node-1.store\"",
        "\"node-1.store\"\nstore_id = \"5BE0CD19137E2179\"",
        "node: store_id: nodes 1 and 2 both have 5be0cd19137e2179",
    ),
    (
        "127.0.0.1:7102",
        "[::1]:7102",
        "node: address: node 1 has 127.0.0.1:7101 and node 2 has [::1]:7102: one is an IPv4 and \
         one an IPv6 address, and neither can send to the other",
    ),
    (
        "127.0.0.1:7102",
        "192.168.0.1:7102",
        "node: address: node 1 has 127.0.0.1:7101 and node 2 has 192.168.0.1:7102: one is a \
         loopback address, which other machines cannot reach",
    ),
    ("127.0.0.1:7102", "0.0.0.0:7102", "node 2: address: 0.0.0.0:7102 is not where one node is"),
    ("127.0.0.1:7102", "[::]:7102", "node 2: address: [::]:7102 is not where one node is"),
    ("127.0.0.1:7102", "224.0.0.1:7102", "node 2: address: 224.0.0.1:7102 is not where one node"),
    ("127.0.0.1:7102", "127.0.0.1:0", "node 2: address: 127.0.0.1:0 has port 0"),
    (
        "127.0.0.1:7102",
        "127.0.0.1",
        "node 2: address: \"127.0.0.1\" is not an IP address or a name",
    ),
    ("127.0.0.1:7102", "here:7102x", "node 2: address: \"here:7102x\" is not an IP address or"),
    ("127.0.0.1:7102", "http://here:7102", "node 2: address: \"http://here:7102\" is not an IP"),
    (
        "127.0.0.1:7102",
        "lost:7102",
        "node 2: address: the name \"lost\" cannot be looked up: it is not known",
    ),
    ("127.0.0.1:7102", "nowhere:7102", "node 2: address: the name \"nowhere\" has no address"),
    ("127.0.0.1:7102", "here:0", "node 2: address: 127.0.1.1:0 has port 0"),
    ("id = 2", "id = 2\nbind = \"here:1\"", "node 2: bind: \"here:1\" is not an IP address"),
    ("id = 2", "id = 2\nbind = \"0.0.0.0:0\"", "node 2: bind: 0.0.0.0:0 has port 0"),
    ("id = 2", "id = 2\nbind = \"[::]:1\"", "node 2: bind: [::]:1 does not fit the address 127"),
    ("id = 2", "id = 2\nbind = \"10.0.0.1:1\"", "node 2: bind: 10.0.0.1:1 does not fit the"),
    (
        "id = 2",
        "id = 2\nhttp = \"7102\"",
        "node 2: http: \"7102\" is not an IP address with a port",
    ),
];

#[test]
fn a_field_that_cannot_be_is_named() {
    for (old, new, words) in COMPLAINTS {
        let complaint = complaint(old, new);
        assert!(complaint.starts_with(words), "{complaint}");
    }
}

/// The good file with other addresses for nodes 1 and 2.
fn placed(one: &str, two: &str) -> Result<Config, String> {
    let text = GOOD.replace("127.0.0.1:7101", one).replace("127.0.0.1:7102", two);
    parse(&text).map_err(|error| error.to_string())
}

#[test]
fn nodes_may_be_on_several_machines_and_have_names() {
    let addresses = |one, two| placed(one, two).map(|c| [c.nodes[0].address, c.nodes[1].address]);
    for (one, two, expected) in [
        ("10.0.0.8:1", "10.0.0.9:1", ["10.0.0.8:1", "10.0.0.9:1"]),
        ("[fd00::8]:1", "[fd00::9]:1", ["[fd00::8]:1", "[fd00::9]:1"]),
        ("[::ffff:10.0.0.8]:1", "10.0.0.9:1", ["10.0.0.8:1", "10.0.0.9:1"]),
        // The family that both have, and the first address of it.
        ("both:1", "old:2", ["10.0.0.1:1", "10.0.0.2:2"]),
        ("both:1", "new:2", ["[fd00::1]:1", "[fd00::2]:2"]),
        ("both:1", "both:2", ["10.0.0.1:1", "10.0.0.1:2"]),
        ("127.0.0.2:1", "127.0.0.3:1", ["127.0.0.2:1", "127.0.0.3:1"]),
    ] {
        assert_eq!(addresses(one, two).unwrap(), expected.map(|text| text.parse().unwrap()));
    }
    let error = addresses("old:1", "new:1").unwrap_err();
    assert!(error.contains("node 1 has 10.0.0.2:1 and node 2 has [fd00::2]:1: "), "{error}");
    // A machine's own name is often that of its loopback interface.
    let error = addresses("here:1", "old:1").unwrap_err();
    assert!(error.contains("node 1 has 127.0.1.1:1 and node 2 has 10.0.0.2:1: "), "{error}");
    let error = addresses("both:1", "10.0.0.1:1").unwrap_err();
    assert!(error.ends_with("nodes 1 and 2 both have 10.0.0.1:1"), "{error}");
}

#[test]
fn http_stays_on_loopback_unless_the_file_says_otherwise() {
    let at = |text: &str| text.parse::<SocketAddr>().unwrap();
    let config = placed("10.0.0.8:1", "10.0.0.9:2").unwrap();
    assert_eq!(config.nodes[0].http, at("127.0.0.1:1"));
    assert_eq!(config.nodes[0].bind, at("10.0.0.8:1"));
    let config = placed("[fd00::8]:1", "[fd00::9]:2").unwrap();
    assert_eq!(config.nodes[0].http, at("[::1]:1"));
    let config = placed("127.0.0.2:1", "127.0.0.3:1").unwrap();
    assert_eq!(config.nodes[1].http, at("127.0.0.3:1"));

    let opened = "10.0.0.8:1\"\nbind = \"0.0.0.0:5\"\nhttp = \"0.0.0.0:6";
    let config = placed(opened, "10.0.0.9:2").unwrap();
    let node = &config.nodes[0];
    assert_eq!((node.address, node.bind), (at("10.0.0.8:1"), at("0.0.0.0:5")));
    assert_eq!((node.http, node.asked_at()), (at("0.0.0.0:6"), at("10.0.0.8:6")));
    let error = node.clone().bound_to(at("127.0.0.1:5")).unwrap_err();
    assert!(error.contains("loopback"), "{error}");
}

#[test]
fn a_file_of_another_shape_is_refused_with_the_line() {
    let cases = [
        ("protocol =", "protokoll =", "unknown field `protokoll`"),
        ("[150, 300]", "\"long\"", "a number of milliseconds, or [shortest, longest]"),
        ("store = \"node-2.store\"", "", "missing field `store`"),
        ("id = 2", "id = -2", "invalid value"),
        ("[150, 300]", "[150]", "rest_ms = [150]"),
        ("[[node]]", "[[node]", "unclosed array table"),
    ];
    for (old, new, words) in cases {
        let complaint = complaint(old, new);
        assert!(complaint.contains(words) && complaint.contains("line "), "{complaint}");
    }
    let nobody = &GOOD[..GOOD.find("[[node]]").unwrap()];
    assert!(parse(nobody).unwrap_err().to_string().ends_with("node: there is none"));
}

#[test]
fn a_file_of_before_there_was_a_second_protocol_is_read_as_it_was_meant() {
    let old = GOOD
        .replace("protocol = \"toy\"\n", "")
        .replace("[timers]\ntick_ms = 50\nrest_ms =", "heartbeat_ms = 50\nelection_ms =");
    let config = parse(&old).unwrap();
    assert_eq!(config.protocol, UNNAMED);
    let timers = [("heartbeat", ms(50, 50)), ("election", ms(150, 300))];
    assert_eq!(config.timers, timers.clone().map(|(name, range)| (name.to_owned(), range)).into());
    config.has_timers_of(&timers).expect("they are the protocol's");
    // Its protocol says what they are otherwise.
    let bare = old.replace("heartbeat_ms = 50\nelection_ms = [150, 300]\n", "");
    assert!(parse(&bare).unwrap().timers.is_empty());
}

#[test]
fn a_timer_that_the_protocol_has_not_so_is_refused() {
    let refused = |old: &str, new: &str| {
        let config = parse(&GOOD.replace(old, new)).unwrap();
        let error = config.has_timers_of(&TIMERS).unwrap_err().to_string();
        error.strip_prefix("some/cluster.toml: ").expect("the file is named").to_owned()
    };
    let none = "timers: \"tock_ms\" is none of: tick_ms, rest_ms";
    assert_eq!(refused("tick_ms", "tock_ms"), none);
    let key = "key_file = \"cluster.key\"\n[timers]\n";
    let (named, other) = (format!("protocol = \"toy\"\n{key}tick"), format!("{key}tock"));
    let unnamed = refused(&named, &other);
    assert_eq!(unnamed, format!("{none}; a config that names no protocol is of {UNNAMED}"));
    assert_eq!(refused("= 50", "= [50, 60]"), "tick_ms: it is one number, not a range");
    assert_eq!(refused("[150, 300]", "150"), "rest_ms: it is a range, [shortest, longest]");
}

#[test]
fn an_option_that_the_protocol_has_not_is_refused() {
    let config = parse(&GOOD.replace("careful", "clever")).unwrap();
    let refused = |known| config.has_options_of(known).unwrap_err().to_string();
    let words = "some/cluster.toml: options: \"clever\" is no option of toy, which has: ";
    assert_eq!(refused(&OPTIONS), format!("{words}careful, quick"));
    assert_eq!(refused(&[]), format!("{words}none at all"));
    let complaint = complaint("careful = false", "careful = 1");
    assert!(complaint.contains("invalid type: integer `1`, expected a boolean"), "{complaint}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("no/such/cluster.toml")).unwrap_err();
    assert!(error.to_string().starts_with("no/such/cluster.toml: cannot read it: "), "{error}");
}

#[test]
fn a_created_cluster_loads() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/b");
    let created = create(&dir).unwrap();
    assert_eq!(Config::load(&dir.join(FILE)).unwrap(), created);
    assert_eq!(created.protocol, "toy");
    assert_eq!(created.options, OPTIONS.map(|(name, on)| (name.to_owned(), on)).into());
    created.has_timers_of(&TIMERS).expect("they are the protocol's");
    assert_eq!(created.timers, TIMERS.map(|(name, range)| (name.to_owned(), range)).into());
    let ports: Vec<_> = created.nodes.iter().map(|node| node.address.port()).collect();
    assert_eq!(ports, [7101, 7102, 7103]);
    let mode = fs::metadata(&created.key_file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = load_key(&created.key_file).unwrap();
    assert_ne!(key.bytes(), &[0; 32]);
    assert_eq!(format!("{key:?}"), "Key(..)");
    let mut names: Vec<_> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["cluster.key", "cluster.toml"]);
}

#[test]
fn nothing_is_created_over_anything() {
    let folder = tempfile::tempdir().unwrap();
    let created = create(folder.path()).unwrap();
    let before = (fs::read(&created.path).unwrap(), fs::read(&created.key_file).unwrap());
    assert!(matches!(create(folder.path()), Err(ConfigError::Exists { .. })));
    assert_eq!((fs::read(&created.path).unwrap(), fs::read(&created.key_file).unwrap()), before);

    // A creation that was interrupted has the key but not the file that comes last.
    fs::remove_file(&created.path).unwrap();
    let error = create(folder.path()).unwrap_err();
    assert!(matches!(error, ConfigError::HalfMade { .. }), "{error}");
    assert_eq!(fs::read(&created.key_file).unwrap(), before.1);
}

#[test]
fn the_file_appears_only_once_the_stores_exist() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Config::create(folder.path(), 3, 7100, &RUNS, |config| {
        assert!(load_key(&config.key_file).is_ok() && !config.path.exists());
        Err(ConfigError::Exists { path: config.nodes[1].store.clone() })
    });
    assert!(refused.unwrap_err().to_string().contains("node-2.store: it exists"));
    assert!(!folder.path().join(FILE).exists());
}

#[test]
fn a_cluster_that_would_not_be_valid_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new");
    let create = |nodes, port| Config::create::<ConfigError>(&dir, nodes, port, &RUNS, |_| Ok(()));
    for (nodes, port, words) in [
        (0, 7100, "node: there is none"),
        (3, 65_533, "port: 3 ports after 65533 are more than there are"),
    ] {
        let error = create(nodes, port).unwrap_err().to_string();
        assert!(error.ends_with(words), "{error}");
        assert!(!dir.exists());
    }
    fs::write(&dir, "a file").unwrap();
    let error = create(3, 7100).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot create it", dir.display())), "{error}");
}

#[test]
fn a_key_that_others_can_reach_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = create(folder.path()).unwrap().key_file;
    for mode in [0o640, 0o604, 0o620, 0o602, 0o666] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let error = load_key(&key).unwrap_err().to_string();
        let words = format!("{}: its mode is {mode:04o}", key.display());
        assert!(error.starts_with(&words), "{error}");
    }
    fs::set_permissions(&key, Permissions::from_mode(0o400)).unwrap();
    assert!(load_key(&key).is_ok());
}

#[test]
fn a_key_of_another_shape_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = create(folder.path()).unwrap().key_file;
    let good = fs::read_to_string(&key).unwrap();
    for bad in [
        "",
        "\n",
        &good[1..],
        &format!("0{good}"),
        &format!("{good}00"),
        &good.replace(&good[..1], "g"),
    ] {
        fs::write(&key, bad).unwrap();
        let error = load_key(&key).unwrap_err().to_string();
        assert!(error.ends_with("key: it is not one line of 64 hex digits"), "{error}");
    }
    fs::remove_file(&key).unwrap();
    assert!(load_key(&key).unwrap_err().to_string().contains("cluster.key: cannot read it"));
}
