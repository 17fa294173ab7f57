//! `quorate explore`: the routes that its page needs, and the page in a browser, on figure 8.

mod support;

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};

use quorate_checker::report::{Counterexample, Engine, Limits};
use serde_json::Value;
use tempfile::TempDir;

use support::browser::Browser;
use support::cluster::{Process, QUORATE, wait_for};
use support::http;

/// The spec that counts copies of an entry of an older term.
const NAIVE: &str = "raft/figure-8-naive";

/// `quorate explore` on one spec.
struct Explorer {
    process: Process,
    /// All that it may leave in the directory for temporary files.
    temporary: TempDir,
    address: SocketAddr,
    /// Kept open, so that it can go on printing.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Explorer {
    fn start(spec: &str) -> Self {
        let temporary = TempDir::new().unwrap();
        let mut command = Command::new(QUORATE);
        command.args(["explore", spec, "--address", "127.0.0.1:0"]);
        command.env("TMPDIR", temporary.path()).stdout(Stdio::piped());
        let mut process = Process(command.spawn().unwrap());
        let mut stdout = BufReader::new(process.0.stdout.take().unwrap()).lines();
        let address = stdout.find_map(|line| {
            let line = line.ok()?;
            let (_, rest) = line.split_once("http://")?;
            rest.split_once('/')?.0.parse().ok()
        });
        let address = address.expect("the address is printed");
        Explorer { process, temporary, address, _stdout: stdout }
    }

    fn get(&self, path: &str) -> String {
        wait_for("the Explorer", || http::get(self.address, path))
    }

    /// What may happen behind a path, "/0/1/3".
    fn offered(&self, path: &str) -> Vec<Value> {
        serde_json::from_str(&self.get(&format!("/.states{path}"))).unwrap()
    }

    /// What the page is told of the spec.
    fn told(&self) -> Value {
        let page = self.get("/");
        let (_, rest) = page.split_once("id=\"spec\">").expect("the page tells of the spec");
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = self.temporary.path().read_dir().unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// How figure 8 goes wrong, as our own search finds it: the property and the indices of the path.
fn violation() -> (Counterexample, Vec<u64>) {
    let spec = quorate_models::specs().into_iter().find(|spec| spec.name() == NAIVE).unwrap();
    let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
    let example = report.counterexamples[0].clone();
    let path = example.explorer.strip_prefix("/#/steps/").unwrap();
    let path = path.split('/').map(|index| index.parse().unwrap()).collect();
    (example, path)
}

/// The claims on a state that are not true of it, of those that must always be.
fn broken(state: &Value) -> Vec<&str> {
    let claims = state["claims"].as_array().unwrap().iter();
    claims
        .filter(|claim| claim["kind"] == "always" && claim["holds"] == false)
        .map(|claim| claim["name"].as_str().unwrap())
        .collect()
}

#[test]
fn figure_8_leads_through_the_routes_to_the_claim_that_breaks() {
    let (example, path) = violation();
    let explorer = Explorer::start(NAIVE);
    let told = explorer.told();
    assert_eq!(told["name"], NAIVE);
    let expected = told["properties"].as_array().unwrap().iter();
    let expected = expected.filter(|property| property["violation_expected"] == true);
    assert!(expected.clone().any(|property| property["name"] == example.property));
    assert_eq!(broken(&told["initial"]), [""; 0]);

    let breaks = [example.property];
    let mut prefix = "/0".to_owned();
    let mut state = told["initial"].clone();
    for (number, index) in path[1..].iter().enumerate() {
        let steps = explorer.offered(&prefix);
        let step = steps.iter().find(|step| step["actionIndex"] == *index).unwrap();
        let view: Value = serde_json::from_str(step["outcome"].as_str().unwrap()).unwrap();
        let happens = &example.trace.steps[number];
        let event = serde_json::to_value(&happens.event).unwrap();
        let group = if event.get("Deliver").is_some() { "deliver" } else { "timer" };
        assert_eq!(view["group"], group, "{event}");
        // The actors whose parts change are those whose states do.
        let changed = (0..3)
            .filter(|&at| view["state"]["actors"][at]["fields"] != state["actors"][at]["fields"]);
        let expected = happens.states.iter().map(|(actor, _)| *actor);
        assert_eq!(changed.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{prefix}");
        let last = number + 2 == path.len();
        assert_eq!(broken(&view["state"]), if last { &breaks[..] } else { &[] });
        state = view["state"].clone();
        prefix.push_str(&format!("/{index}"));
    }
    let server = &state["actors"][1];
    assert_eq!(server["name"], "S2");
    let fields: Vec<(String, String)> = serde_json::from_value(server["fields"].clone()).unwrap();
    let log = fields.iter().find(|(name, _)| name == "storage.log").unwrap();
    assert_eq!(log.1, "[2:NoOp, 4:NoOp]");
    // What there is not is no server error, and the Explorer goes on.
    let (head, _) = http::answer(explorer.address, "/.states/0/99").unwrap();
    assert!(head.contains(" 404 "), "{head}");
    explorer.get("/.status");
}

#[test]
fn labels_show_the_command() {
    let explorer = Explorer::start("raft/replication");
    let command = "C1 → S1 Request command put x=1, session 3, sequence 1, since 0";
    let steps = explorer.offered("/0");
    let actions: Vec<&Value> = steps.iter().map(|step| &step["action"]).collect();
    assert!(actions.iter().any(|action| **action == command), "{actions:?}");
    let flying = &explorer.told()["initial"]["in_flight"];
    assert_eq!(flying[0], command);
}

#[test]
fn steps_come_in_groups_and_a_fault_is_taken_from_its_budget() {
    let explorer = Explorer::start("raft/failover");
    let view = |path: &str, action: &str| -> (Value, Value) {
        let steps = explorer.offered(path);
        let step = steps.iter().find(|step| step["action"] == action).expect(action);
        let view = step["outcome"].as_str().map(|view| serde_json::from_str(view).unwrap());
        (step["actionIndex"].clone(), view.unwrap_or_default())
    };
    let (_, ignored) =
        view("/0", "C1 → S1 Request command put x=1, session 3, sequence 1, since 0");
    assert_eq!(ignored, Value::Null);
    let (election, timeout) = view("/0", "S1 times out: Election");
    assert_eq!(timeout["group"], "timer");
    let elected = format!("/0/{election}");
    let request = "S1 → S2 RequestVote term 1, last 0@0, is_heir false, store None";
    let (_, vote) = view(&elected, request);
    assert_eq!(vote["group"], "deliver");
    let does: Vec<String> = serde_json::from_value(vote["does"].clone()).unwrap();
    let changes = "S2  storage.term: 0 → 1";
    let says = "S2 → S1 VoteReply term 1";
    for line in [changes, "S2  saves to storage", says] {
        assert!(does.iter().any(|does| does == line), "{line}: {does:?}");
    }
    let (index, crash) = view(&elected, "S1 crashes");
    assert_eq!(crash["group"], "fault");
    assert_eq!(crash["state"]["actors"][0]["down"], "down");
    let crashes = serde_json::json!({ "name": "crashes", "spent": 1, "of": 1 });
    assert!(crash["state"]["budgets"].as_array().unwrap().contains(&crashes), "{crash}");
    let (_, recovery) = view(&format!("{elected}/{index}"), "S1 recovers from its storage");
    assert_eq!(recovery["group"], "fault");
    assert_eq!(recovery["state"]["actors"][0]["down"], Value::Null);
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let mut explorer = Explorer::start("raft/two");
    assert!(explorer.get("/").contains("<h1 id=\"name\">"));
    assert_eq!(explorer.files().len(), 1);
    let id = explorer.process.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let status = wait_for("the end", || explorer.process.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(explorer.files().is_empty(), "{:?}", explorer.files());
}

/// True if the element is on the first screen as a whole.
fn on_screen(selector: &str) -> String {
    format!(
        "(() => {{ const box = document.querySelector({selector:?})?.getBoundingClientRect();
          return !!box && box.height > 0 && box.top >= 0 && box.bottom <= 800 && box.left >= 0
            && box.right <= 1280; }})()"
    )
}

#[test]
fn a_click_through_figure_8_names_the_claim_that_breaks() {
    let Some(mut browser) = Browser::start() else {
        println!("skipped: no Chromium is installed");
        return;
    };
    let (example, path) = violation();
    let explorer = Explorer::start(NAIVE);
    let root = format!("http://{}", explorer.address);
    browser.open(&root);
    for (number, index) in path[1..].iter().enumerate() {
        let button = format!("#next button[data-index=\"{index}\"]");
        browser.wait(&format!("document.title === '{NAIVE}, step {number}'"));
        assert_eq!(browser.value("document.querySelectorAll('.broken').length"), 0);
        browser.value(&format!("document.querySelector({button:?}).click()"));
    }
    let steps = path.len() - 1;
    let at = |number: usize| format!("document.title === '{NAIVE}, step {number}'");
    browser.wait(&at(steps));
    let claims = "document.querySelector('#claims.broken p').textContent";
    let named = format!("Broken in this state: {}", example.property);
    assert_eq!(browser.value(claims), named);
    assert_eq!(browser.value("location.hash"), example.explorer[1..]);
    for part in ["#name", "#bounds", "#verdict", "#next button", "#claims", "#does", "#in-flight"] {
        assert_eq!(browser.value(&on_screen(part)), true, "{part}");
    }
    for part in ["#actors tbody tr:last-child", "#actors td.changed", "#path .here"] {
        assert_eq!(browser.value(&on_screen(part)), true, "{part}");
    }
    assert_eq!(browser.value("document.documentElement.scrollHeight"), 800);
    assert_eq!(browser.value("document.querySelectorAll('#diagram svg').length"), 1);

    browser.value("history.back()");
    browser.wait(&at(steps - 1));
    browser.press("Enter");
    browser.wait(&at(steps));
    browser.press("Backspace");
    browser.wait(&at(steps - 1));
    browser.press("Home");
    browser.wait(&at(0));
    browser.press("End");
    browser.wait(&at(steps));
    browser.press("ArrowDown");
    let second = "document.querySelectorAll('#next button')[1].className";
    assert_eq!(browser.value(second), "chosen");
}

#[test]
fn links_open_the_state_that_they_name_or_say_that_there_is_none() {
    let Some(mut browser) = Browser::start() else {
        println!("skipped: no Chromium is installed");
        return;
    };
    let (example, path) = violation();
    let explorer = Explorer::start(NAIVE);
    let mut open = |hash: &str| {
        browser.open("about:blank");
        browser.open(&format!("http://{}/{hash}", explorer.address));
        browser.wait("document.querySelectorAll('#next button').length > 0");
        let trouble = browser.value("document.querySelector('#trouble').textContent");
        (browser.value("document.title"), trouble.as_str().unwrap().to_owned())
    };
    let last = format!("{NAIVE}, step {}", path.len() - 1);
    assert_eq!(open(&example.explorer[1..]), (last.into(), String::new()));
    for (hash, says) in [
        ("#/steps/0/0/99/1", "no such path: step 2 is action 99, but"),
        ("#/steps/7", "no such path: step 0 is action 7, but"),
        ("#/steps/0/x", "not of the form"),
        ("#/other", "not of the form"),
    ] {
        let (_, trouble) = open(hash);
        assert!(trouble.contains(says), "{hash}: {trouble}");
    }
}
