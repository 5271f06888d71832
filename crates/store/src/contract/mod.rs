//! What every engine must pass. Compiled for tests only.
//!
//! A promise is an async function over a [`Home`], the place where one engine's fresh store lives; [`suite!`] lists them all and
//! makes a test of each for one kind of home. What only one engine can show (damage to its file, a full disk) lies in its own
//! module beside.

mod act;
mod analyse;
mod audit;
mod carry;
mod chain;
mod cluster;
mod commit;
mod eye;
mod history;
mod large;
mod node;
mod pack;
mod postgres;
mod report;
mod review;
mod right;
mod seals;
mod sense;
mod sqlite;
mod system;
mod token;
mod transfer;
mod upgrade;

use std::sync::Arc;

use shanshui_domain::act::case::Event;
use shanshui_domain::id::{CaseId, Mn, PersonId, PointId, StationCode};
use shanshui_domain::place::{Device, Secret, Station, StationKind};
use shanshui_domain::right::{Caller, Held, Organisation, OrganisationKind, Rights, Role, Tree};
use shanshui_domain::sense::{Kept, Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use uuid::Uuid;

use crate::{Arrival, CaseIn, Receipt, Store, TelegramIn};

/// Where a fresh store lives while a test runs.
trait Home {
    /// None where this engine cannot be tried at all.
    async fn fresh() -> Option<Self>
    where
        Self: Sized;
    /// Opens what is there; the second time, what the first has left.
    async fn open(&self) -> Store;
    /// Brings what is there up to an earlier schema, as the program of that time would, and runs statements in it.
    async fn earlier(&self, schema: usize, run: &str);
}

/// One test for each promise.
macro_rules! suite {
    ($home:ty: $($part:ident { $($promise:ident)* })*) => {$(
        mod $part {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    use crate::contract::Home as _;
                    let Some(home) = <$home>::fresh().await else { return };
                    crate::contract::$part::$promise(&home.open().await, &home).await;
                }
            )*
        }
    )*};
    ($home:ty) => {
        mod upgrade {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn every_earlier_schema_comes_up_with_what_is_in_it() {
                crate::contract::upgrade::every_earlier_schema_comes_up_with_what_is_in_it::<$home>().await;
            }
        }
        suite! { $home:
        sense {
            a_key_is_kept_once_and_a_repeat_changes_nothing a_restated_key_keeps_every_version back_fill_never_becomes_current
            values_are_kept_as_sent two_arrivals_of_one_key_in_one_group telegrams_are_kept_byte_for_byte
            quarantine_is_summed_up a_range_is_half_open_and_ascending sampling_hides_nothing a_long_curve_is_read_to_its_end
            counts_are_of_keys points_and_devices_follow_the_registry secrets_do_not_show commands_are_logged
            rows_are_held_against_what_their_telegrams_say
        }
        chain {
            a_case_whose_chain_is_broken_is_read_and_not_moved
            nothing_is_appended_to_a_broken_audit_but_everybody_can_come_and_look
            a_chain_that_has_lost_its_end_takes_no_other
        }
        seals {
            secrets_of_devices_lie_sealed a_new_key_takes_over_all_or_nothing what_a_lost_key_sealed_is_given_up_by_name
        }
        history {
            what_has_moved_is_read_as_before what_comes_late_is_judged_beside_what_has_moved without_its_history_a_store_says_so
        }
        pack {
            a_packed_day_is_read_as_its_rows whoever_changes_a_reading_takes_its_packs_away what_moves_leaves_no_packs
        }
        analyse { late_data_makes_the_next_version the_latest_judgement_is_of_the_newest_period rule_states_are_replaced
            an_evaluation_keeps_every_version what_depends_on_an_evaluation_is_put_down_with_it
            an_import_is_begun_once_and_with_its_work evaluations_are_seen_within_a_scope days_are_added_exactly
            a_forecast_keeps_every_version forecasts_are_seen_within_a_scope steps_are_means_of_valid_values
        }
        report {
            what_is_published_is_frozen_and_the_next_is_another_edition
            reports_are_seen_made_and_published_within_a_scope templates_and_schedules_are_versions
        }
        review {
            a_finding_is_kept_once_and_changes_by_versions a_decision_is_the_next_version_of_a_value
            what_a_device_says_afterwards_is_kept_and_does_not_count levels_look_one_after_the_other
            what_is_published_changes_by_editions a_reviewed_value_stays_when_what_is_around_it_moves
            a_clue_becomes_one_case
        }
        eye {
            cameras_and_fences_are_versions a_guard_is_written_when_it_changes an_event_is_a_chain_of_steps
            an_event_becomes_one_case events_are_filtered_and_paged a_camera_is_as_right_as_its_newest_events
            a_visit_is_approved_by_somebody_else_and_in_time a_loudspeaker_is_versions_and_what_it_said_is_kept
        }
        act {
            an_alarm_lasts_once_for_a_condition alarms_are_acknowledged_once alarms_are_filtered_and_paged a_case_goes_its_way
            what_is_refused_leaves_nothing cases_are_numbered_in_their_series cases_are_filtered_and_paged evidence_is_kept
        }
        right {
            posts_make_a_caller roles_that_exclude_one_another_are_held_apart whoever_stands_in_holds_what_may_be_handed_on
            broken_glass_ends_by_itself organisations_stay_a_tree stations_are_seen_within_a_scope
            cases_are_seen_within_a_scope what_is_for_all_rows_or_none_is_refused_by_the_store_too
            every_change_of_rights_is_in_the_audit
        }
        audit {
            the_audit_is_searched_and_paged roots_stand_for_all_that_came_before_them
            a_chain_made_anew_does_not_fit_its_roots
        }
        system {
            people_keep_their_id sessions_are_kept_by_digest sessions_are_seen_and_ended_by_their_person
            a_second_factor_is_begun_confirmed_and_used_once_a_step failed_logins_wait_longer_each_time the_audit_is_a_chain
        }
        token {
            a_token_opens_until_it_is_ended somebody_of_another_house_is_one_person_here
        }
        commit {
            a_failing_work_harms_only_itself many_writers_share_few_groups what_is_acknowledged_is_seen
            a_store_opened_again_shows_everything a_closed_store_refuses_writing
        }
        cluster {
            nodes_write_themselves_down a_line_belongs_to_one_connection_over_all_nodes work_is_taken_once
            work_comes_back_when_it_fails_or_its_node_dies a_timer_fires_once_for_each_instant
            what_several_nodes_know_of_a_line_adds_up what_keeping_did_can_be_asked_again
            a_command_is_carried_out_by_its_node_once what_the_judge_finds_is_written_whole_or_not_at_all
        }
        node {
            a_name_is_held_by_one_and_falls_back a_node_is_seen_as_long_as_it_lives notes_reach_everybody_in_their_order
            a_slow_reader_is_told_that_it_missed_some
        }
    } };
}
use suite;

const POINT: PointId = PointId(1);
const REAL: PeriodKind = PeriodKind::Real;

fn key(at: i64) -> ReadingKey {
    ReadingKey { point: POINT, kind: REAL, at: Instant(at) }
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

/// A bureau above the branches of two counties, and an enterprise.
fn organisations() -> Vec<Organisation> {
    let one = |code: &str, parent: Option<&str>, kind, area: &str| Organisation {
        code: code.into(),
        parent: parent.map(Into::into),
        kind,
        area: area.into(),
        name_zh: code.into(),
        name_en: code.into(),
    };
    use OrganisationKind::{Branch, Bureau, Enterprise};
    vec![
        one("city", None, Bureau, "*"),
        one("br-kc", Some("city"), Branch, "kc"),
        one("br-qj", Some("city"), Branch, "qj"),
        one("e1", None, Enterprise, ""),
    ]
}

/// Somebody with one post there.
fn caller(who: u128, role: Role, organisation: &str) -> Caller {
    let held = vec![Held { role, organisation: organisation.into(), behalf: None }];
    let tree = Tree::new(organisations()).expect("whole");
    Caller::person(person(who), held, false, &tree, Arc::new(Rights::embedded().expect("whole")))
}

/// A section of a county, or an outlet when it is an enterprise's.
fn station(code: &str, county: &str, enterprise: Option<&str>) -> Station {
    Station {
        code: code.into(),
        kind: if enterprise.is_some() { StationKind::Outlet } else { StationKind::AirStation },
        name_zh: code.into(),
        name_en: code.into(),
        county: county.into(),
        lon: 118.8,
        lat: 28.9,
        water: None,
        target: None,
        enterprise: enterprise.map(Into::into),
        unit: format!("br-{county}"),
        demo: true,
        source_zh: "试".into(),
        source_en: "test".into(),
    }
}

/// A case that comes from no place.
fn case_in(id: CaseId, event: Event, series: &str) -> CaseIn {
    CaseIn { id, series: series.into(), event, area: String::new() }
}

fn telegram(raw: &[u8]) -> TelegramIn {
    TelegramIn {
        arrived: Instant(1_000),
        peer: "192.0.2.7:40000".into(),
        mn: Some(Mn::from("QZ0001")),
        cn: Some("2011".into()),
        qn: Some("20260301120000000".into()),
        raw: raw.to_vec(),
        problems: "[]".into(),
        quarantine: None,
    }
}

/// `12.5` is a value, `12.5/D` carries a mark, `-/D` a mark alone; `+` at the end makes it late.
fn reading(key: ReadingKey, text: &str) -> Reading {
    let (text, late) = text.strip_suffix('+').map_or((text, false), |t| (t, true));
    let (value, mark) = text.split_once('/').unwrap_or((text, "N"));
    let value = (value != "-").then(|| value.to_owned());
    let (extra, arrived) = (String::new(), Instant(key.at.0.saturating_add(5)));
    Reading { key, value, extra, mark: mark.into(), arrived, late, telegram: None }
}

fn arrival(readings: Vec<Reading>) -> Arrival {
    Arrival { telegram: telegram(b"##0000"), readings }
}

/// One arrival for each `(at, text)`, in one call.
async fn keep(store: &Store, said: &[(i64, &str)]) -> Vec<Kept> {
    let arrivals = said.iter().map(|(at, text)| arrival(vec![reading(key(*at), text)])).collect();
    let receipts: Vec<Receipt> = store.arrive(arrivals).await.expect("kept");
    receipts.into_iter().flat_map(|r| r.kept).collect()
}

fn device(mn: &str, password: &str) -> Device {
    Device {
        mn: Mn::from(mn),
        station: StationCode::from("s1"),
        st: "32".into(),
        password: Secret::new(password),
        edition: "2017".into(),
        key: Some(Secret::new("0123456789abcdef0123456789abcdef")),
        accept_modbus_crc: true,
        accept_swapped_modbus_crc: false,
        interval_s: 60,
    }
}
