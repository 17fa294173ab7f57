//! The page of a node, in a browser: it shows what the protocol names.

use crate::support::browser::Browser;
use crate::support::cluster::wait_for;
use crate::support::http::get;
use crate::{Cluster, Running};

#[test]
fn the_page_shows_the_numbers_of_its_protocol() {
    let Some(mut browser) = Browser::start() else {
        println!("skipped: no Chromium is installed");
        return;
    };
    let cluster = Cluster::create();
    let keeper = Running::start(&cluster.config, 1);
    let address = cluster.config.nodes[0].http;
    wait_for("the page", || get(address, "/"));
    browser.open(&format!("http://{address}/"));
    let texts = |selector: &str| {
        format!("[...document.querySelectorAll({selector:?})].map(it => it.textContent).join('|')")
    };
    let summary = "document.querySelector('#summary')?.textContent";
    browser.wait(&format!("{summary} === 'Node 1 leads in epoch 1, 1 of 2 nodes answer.'"));
    assert_eq!(browser.value(&texts("#heads th")), "Node|Role|Follows|Epoch|Kept|Lag|Disk|Up for");
    browser.wait(&format!("{}.startsWith('keeper|itself|1|0|')", texts("#node-1 td + td")));
    assert_eq!(browser.value("document.querySelector('#node-1').className"), "leads");
    assert_eq!(browser.value(&texts("#node-2 td + td")), "no answer|–|–|–|–|–|–");
    assert_eq!(browser.value("document.querySelector('#node-2').className"), "down");

    let bystander = Running::start(&cluster.config, 2);
    browser.wait(&format!("{}.startsWith('bystander|node 1|1|0|')", texts("#node-2 td + td")));
    assert_eq!(browser.value("document.querySelector('#node-2').className"), "");
    browser.wait(&format!("{summary} === 'Node 1 leads in epoch 1, all 2 nodes answer.'"));
    browser
        .wait(&format!("{}.includes('Node 2 answers, as bystander in epoch ')", texts("#events")));
    bystander.stop();
    keeper.stop();
}
