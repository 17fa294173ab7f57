//! Every rule of the store is necessary: suspended, it leaves a counterexample to what it protects.
//! Lengths are the shortest there are, within the bounds, for that property alone.

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT, STORAGE_AGREES};
use quorate_models::gossip::store::claims::ghost::Ghost;
use quorate_models::gossip::store::claims::properties::{
    ALIKE, LATEST, NEVER_BACK, ONE_VALUE, QUIET, WRITES_SHOW, all_have_the_latest,
};
use quorate_models::gossip::store::rules::Rule;
use quorate_models::gossip::store::specs::{self, Book, Bounds, StoreSpec, same_durable};
use quorate_models::gossip::store::{Exchange, Server};

use crate::proofs::{
    Within, assert_breaks, assert_each_is_proven, missed, necessary, slower, suspending,
};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Server<Book>;
    type Ghost = Ghost;

    fn spec(&self, rules: Book) -> StoreSpec {
        specs::store("proof", rules, self.clone(), &[])
    }
}

/// Two replicas write one key, one of them twice.
fn two() -> Bounds<'static> {
    Bounds { servers: 2, scripts: &[&[("x", "1"), ("x", "2")], &[("x", "3")]], ..Bounds::default() }
}

/// And one of them crashes and starts again.
fn restart() -> Bounds<'static> {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    Bounds { faults, recovery: Some(1..=2), ..two() }
}

/// One of three replicas writes, and whoever compares its store gives what it has.
fn pushed() -> Bounds<'static> {
    Bounds { exchange: Exchange::Push, ..Bounds::default() }
}

necessary! {
    later_stays: LaterStays breaks NEVER_BACK in 5 within two();
    write_is_latest: WriteIsLatest breaks WRITES_SHOW in 2 within two();
    store_survives_crash: StoreSurvivesCrash breaks ONE_VALUE in 5 within restart();
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 4 within two();
}

missed! {
    version_names_writer: VersionNamesWriter lets ALIKE be missed by Lasso in 26 within two();
    rumours_stop: RumoursStop lets QUIET be missed by Lasso in 27 within two();
    only_news_is_hot: OnlyNewsIsHot lets QUIET be missed by Lasso in 24 within two();
    anti_entropy_runs: AntiEntropyRuns lets ALIKE be missed by Stop in 15 within pushed();
    partners_in_turn: PartnersInTurn lets LATEST be missed by Lasso in 27 within pushed();
}

slower! {
    rumours_are_told: RumoursAreTold lets LATEST take 4 ticks instead of 3
        until all_have_the_latest within Bounds::default();
}

/// A store that is not saved is found before it does harm.
#[test]
fn what_is_not_saved_is_told() {
    let spec = suspending(&two(), Rule::StoreSurvivesCrash);
    assert_breaks(spec.durable(same_durable), STORAGE_AGREES, 1);
}

#[test]
fn every_rule_has_its_counterexample() {
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED, SLOWER]);
}
