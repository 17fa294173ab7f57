//! Chromium without a window, told what to do through its own protocol.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::{env, thread};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::{LIMIT, Process, wait_for};

/// The names under which it is installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "--window-size=1280,800",
    "about:blank",
];

/// A browser with one page.
pub struct Browser {
    commands: ChildStdin,
    answers: Receiver<Value>,
    /// The page, once there is one.
    session: Option<String>,
    asked: u64,
    _process: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser whose page is 1280 x 800; `None` if none is installed.
    pub fn start() -> Option<Browser> {
        let path = env::var_os("PATH")?;
        let program = env::split_paths(&path)
            .flat_map(|directory| NAMES.map(|name| directory.join(name)))
            .find(|program| program.is_file())?;
        let profile = TempDir::new().expect("a temporary directory");
        // It reads commands from descriptor 3 and answers on 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"]);
        command.arg(program).arg(format!("--user-data-dir={}", profile.path().display()));
        command.args(FLAGS).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("there is a shell");
        let commands = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for answer in stdout.split(0).map_while(Result::ok) {
                let answer = serde_json::from_slice(&answer).expect("the protocol is JSON");
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        let process = Process(child);
        let mut browser = Browser {
            commands,
            answers,
            session: None,
            asked: 0,
            _process: process,
            _profile: profile,
        };
        let page = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": page["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", target)["sessionId"].clone();
        browser.session = session.as_str().map(str::to_owned);
        let size = json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        browser.call("Emulation.setDeviceMetricsOverride", size);
        Some(browser)
    }

    /// What the browser answers to `method`.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut command = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        write!(self.commands, "{command}\0").expect("the browser listens");
        loop {
            let answer = self.answers.recv_timeout(LIMIT).expect("the browser answers");
            if answer["id"] == self.asked {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Goes to another page.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
    }

    /// The value of a JavaScript expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until the expression is true.
    pub fn wait(&mut self, expression: &str) {
        wait_for(expression, || (self.value(expression) == true).then_some(()));
    }

    /// Presses a key and lets go of it.
    pub fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": key }));
        }
    }
}
