use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::domain::{LinkKey, OnboardingKind, RoleName, Subject, SysId, Timestamp, UserId};
use shared::effect::{Effect, End, GoOn, Mark, Provisioned, ProvisioningAct, Record, Requested, Saga, Stage, Undoing};
use shared::event::Event;
use shared::mapping::Mapping;
use shared::trading_grid::community::{Partner, User};

use super::decide;
use crate::{Facts, Found, Item, Place, Sight, Verdict};

const EVENT: &str = include_str!("../../../../events/receive-webhook/servicenow-record-changed.json");
const ITEM: &str = "4b1f0c2d9a8e47d6b3c5e7f901234567";
const COMPANY: &str = "GC41543822654A";

fn event() -> Event {
    Event::parse(&"servicenow".parse().unwrap(), EVENT).unwrap()
}

fn roles(names: &[&str]) -> BTreeSet<RoleName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn user(id: &str, login: &str) -> User {
    User {
        user_id: id.parse().unwrap(),
        login_id: login.parse().unwrap(),
        email: Some(login.to_owned()),
        first_name: None,
        last_name: None,
    }
}

fn answers(change: &[(&str, &str)]) -> BTreeMap<String, String> {
    let all = [
        ("company_id", COMPANY),
        ("first_name", "Grace"),
        ("last_name", "Hopper"),
        ("contact_email", "grace@northwind.example"),
        ("login_id", "grace@northwind.example"),
        ("role_bundle", "partner_operator"),
        ("environment", "production"),
        ("reason", "CANARY"),
    ];
    let all = all.iter().chain(change);
    all.map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned()))
        .collect()
}

/// An approved request of a company that the directory has, with one administrator and one viewer.
fn facts(kind: OnboardingKind, change: impl FnOnce(&mut Sight)) -> Facts {
    let item: SysId = ITEM.parse().unwrap();
    let (dana, ada) = (
        user("GCDANA", "dana@northwind.example"),
        user("GCADA", "ada@northwind.example"),
    );
    let mut sight = Sight {
        item: Item {
            record: Record {
                link: LinkKey::request(),
                table: "sc_req_item".parse().unwrap(),
                sys_id: item.clone(),
            },
            state: "2".to_owned(),
            verdict: Verdict::Approved,
        },
        saga: Saga {
            number: "RITM0010003".to_owned(),
            kind,
            answers: answers(&[]),
            requested: Requested::default(),
            approvals: Vec::new(),
            stage: Stage::Checked,
            turn: None,
            company: None,
            partner_name: None,
            members: Vec::new(),
            problem: None,
            told: None,
            deeds: Vec::new(),
        },
        is_known: false,
        trouble: None,
        is_step: true,
        found: Found {
            partner: Some(Partner {
                id: COMPANY.parse().unwrap(),
                name: Some("Northwind Components".to_owned()),
                addresses: BTreeSet::from(["ZZ:NORTHWIND".to_owned()]),
            }),
            roles: [
                (dana.user_id.clone(), roles(&["Account Admin", "Partner Admin"])),
                (ada.user_id.clone(), roles(&["Community Viewer", "TGMS Reports"])),
            ]
            .into(),
            users: vec![dana, ada],
            member: None,
            entitlements: BTreeSet::new(),
        },
        setup: None,
    };
    change(&mut sight);
    Facts {
        mapping: Arc::new(Mapping::parse(include_str!("../../../../infra/mapping.yaml")).unwrap()),
        subject: Subject::request(&item),
        number: 7,
        now: Timestamp::parse_rfc3339("2026-11-23T09:00:00Z").unwrap(),
        place: Place::Request(Box::new(sight)),
    }
}

fn decided(kind: OnboardingKind, change: impl FnOnce(&mut Sight)) -> Vec<Effect> {
    let effects = decide(&event(), &facts(kind, change));
    let stored = serde_json::to_string(&effects).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<Effect>>(&stored).unwrap(),
        effects,
        "a plan is stored"
    );
    // One transaction writes an item once: between two that keep the request there is one that is carried out.
    let mut is_kept = false;
    for effect in &effects {
        match effect {
            Effect::Mark(_) => {
                assert!(!is_kept, "kept twice in one transaction: {effects:#?}");
                is_kept = true;
            }
            Effect::Tell { .. } | Effect::Adopt(_) => {}
            _ => is_kept = false,
        }
    }
    effects
}

fn acts(effects: &[Effect]) -> Vec<&ProvisioningAct> {
    let acts = effects.iter().filter_map(|effect| match effect {
        Effect::Provision(provision) => Some(&provision.act),
        _ => None,
    });
    acts.collect()
}

fn kept(effects: &[Effect]) -> &Saga {
    let kept = effects.iter().rev().find_map(|effect| match effect {
        Effect::Mark(Mark::Saga { saga, .. }) => Some(&**saga),
        _ => None,
    });
    kept.expect("something is kept")
}

fn member(id: &str, before: &[&str], goal: Option<&[&str]>) -> Provisioned {
    Provisioned {
        user_id: Some(id.parse().unwrap()),
        login_id: "x".parse().unwrap(),
        is_new: false,
        before: roles(before),
        goal: goal.map(roles),
        is_settled: false,
    }
}

/// A request that is being carried out on one user, who has these roles now.
fn changing(sight: &mut Sight, member: Provisioned, have: Option<&[&str]>) {
    let id: UserId = member.user_id.clone().unwrap();
    sight.is_known = true;
    sight.saga.stage = Stage::Changing { tries: 0 };
    sight.saga.company = Some(COMPANY.parse().unwrap());
    sight.saga.turn = sight.saga.company.clone();
    sight.saga.members = vec![member];
    sight.found.member = have.map(|_| user(id.as_str(), "y@northwind.example"));
    sight.found.roles = have.map(|have| (id, roles(have))).into_iter().collect();
}

#[test]
fn what_is_approved_takes_its_turn_before_anything_is_changed() {
    let effects = decided(OnboardingKind::AddUser, |_| ());
    assert!(matches!(effects[0], Effect::Adopt(_)), "{effects:#?}");
    assert!(matches!(effects[1], Effect::TakeTurn { .. }), "{effects:#?}");
    assert!(acts(&effects).is_empty());
    assert_eq!(kept(&effects).stage, Stage::Ready);
    let effects = decided(OnboardingKind::AddUser, |sight| {
        sight.is_known = true;
        sight.saga.stage = Stage::Ready;
    });
    let acts = acts(&effects);
    assert!(matches!(acts.as_slice(), [ProvisioningAct::Create(_)]), "{effects:#?}");
    assert_eq!(kept(&effects).stage, Stage::Creating);
    assert_eq!(
        kept(&effects).members[0].goal,
        Some(roles(&["Community Viewer", "Lens Standard role"]))
    );
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_done() {
    let check = |kind: OnboardingKind, change: &[(&str, &str)], problem: &str| {
        let effects = decided(kind, |sight| sight.saga.answers = answers(change));
        assert!(acts(&effects).is_empty() && kept(&effects).turn.is_none(), "{problem}");
        let found = &kept(&effects).problem.as_ref().unwrap().text;
        assert!(found.contains(problem), "{problem}: {found}");
        // What is kept has the answers; what is written for people repeats none.
        let written = effects.iter().filter(|effect| !matches!(effect, Effect::Mark(_)));
        let told = format!("{:?}", written.collect::<Vec<_>>());
        assert!(!told.contains("nobody@@"), "an answer is repeated: {told}");
    };
    let add = OnboardingKind::AddUser;
    check(add, &[("contact_email", "nobody@@x")], "not plausible");
    check(add, &[("role_bundle", "owner")], "it knows partner_administrator");
    check(add, &[("environment", "moon")], "it knows production, test");
    check(add, &[("company_id", "GC 1")], "no id of a company");
    check(add, &[("last_name", "")], "last_name must be");
    check(add, &[("login_id", "Dana@northwind.example")], "a user with this login");
    check(
        add,
        &[("contact_email", "ada@northwind.example")],
        "e-mail address: GCADA",
    );
    let change = OnboardingKind::ChangeRoles;
    check(change, &[], "no user with this login");
    check(change, &[("login_id", "dana@northwind.example")], "last administrator");
    check(OnboardingKind::OffBoardPartner, &[], "last administrator");
    check(
        OnboardingKind::OnboardPartner,
        &[("trading_address", "NORTHWIND")],
        "QUALIFIER:ID",
    );
    let new = [
        ("company_name", "Northwind"),
        ("trading_address", "ZZ:OTHER"),
        ("contact_name", "Grace Hopper"),
    ];
    check(OnboardingKind::OnboardPartner, &new, "other trading addresses");
}

#[test]
fn roles_of_no_bundle_stay_and_the_others_become_those_of_the_new_one() {
    let effects = decided(OnboardingKind::ChangeRoles, |sight| {
        sight.is_known = true;
        sight.saga.stage = Stage::Ready;
        sight.saga.answers = answers(&[
            ("login_id", "ADA@northwind.example"),
            ("role_bundle", "partner_finance"),
        ]);
    });
    let goal = &kept(&effects).members[0].goal;
    assert_eq!(
        *goal,
        Some(roles(&[
            "Community Viewer",
            "Restricted Visibility custom",
            "TGMS Reports"
        ]))
    );
    let person = || member("GCADA", &["A", "Lens Standard role"], Some(&["A", "Community Viewer"]));
    let effects = decided(OnboardingKind::ChangeRoles, |sight| {
        changing(sight, person(), Some(&["A", "Lens Standard role", "Somebody else's"]));
    });
    let [
        ProvisioningAct::AddRoles { roles: added, .. },
        ProvisioningAct::RemoveRoles { roles: taken, .. },
    ] = acts(&effects)[..]
    else {
        panic!("{effects:#?}")
    };
    assert_eq!(
        (added, taken),
        (&roles(&["Community Viewer"]), &roles(&["Lens Standard role"]))
    );
}

#[test]
fn only_what_is_read_back_is_done() {
    let person = || member("GCADA", &[], Some(&["A"]));
    let effects = decided(OnboardingKind::ChangeRoles, |sight| {
        changing(sight, person(), Some(&["A"]))
    });
    assert_eq!(kept(&effects).stage, Stage::Closing);
    let effects = decided(OnboardingKind::ChangeRoles, |sight| {
        changing(sight, person(), None);
        sight.saga.stage = Stage::Closing;
        sight.item.verdict = Verdict::Completed;
    });
    assert_eq!(kept(&effects).stage, Stage::Over(End::Done));
    assert_eq!(kept(&effects).answers.get("first_name"), None);
    assert!(matches!(
        effects.last(),
        Some(Effect::Mark(Mark::Saga { releases: Some(_), .. }))
    ));
    let effects = decided(OnboardingKind::ChangeRoles, |sight| {
        changing(sight, person(), Some(&[]));
        sight.saga.stage = Stage::Changing { tries: 3 };
    });
    assert!(matches!(
        kept(&effects).stage,
        Stage::Undoing {
            because: Undoing::Failed,
            ..
        }
    ));
    assert!(kept(&effects).problem.is_some());
}

#[test]
fn a_canceled_request_is_undone_in_reverse() {
    let effects = decided(OnboardingKind::AddUser, |sight| {
        changing(sight, member("GCADA", &[], Some(&["A"])), Some(&["A"]));
        sight.item.verdict = Verdict::Canceled;
    });
    assert!(matches!(
        kept(&effects).stage,
        Stage::Undoing {
            because: Undoing::Canceled,
            ..
        }
    ));
    let undoing = |is_new: bool, have: Option<&[&str]>| {
        decided(OnboardingKind::AddUser, |sight| {
            let mut person = member("GCADA", &["B"], Some(&["A"]));
            person.is_new = is_new;
            changing(sight, person, have);
            sight.saga.stage = Stage::Undoing {
                because: Undoing::Canceled,
                tries: 0,
            };
            sight.item.verdict = Verdict::Canceled;
        })
    };
    assert!(matches!(
        acts(&undoing(true, Some(&["A"])))[..],
        [ProvisioningAct::RemoveRoles { .. }, ProvisioningAct::Delete { .. }]
    ));
    assert!(matches!(
        acts(&undoing(false, Some(&["A"])))[..],
        [ProvisioningAct::AddRoles { .. }, ProvisioningAct::RemoveRoles { .. }]
    ));
    for (is_new, have) in [(true, None), (false, Some(&["B", "C"][..]))] {
        let effects = undoing(is_new, have);
        assert!(acts(&effects).is_empty());
        assert_eq!(kept(&effects).stage, Stage::Over(End::Undone));
    }
}

#[test]
fn whoever_takes_a_pending_request_up_lets_it_be_tried_again() {
    let stopped = |state: &str, is_pending: bool| {
        decided(OnboardingKind::AddUser, |sight| {
            sight.is_known = true;
            sight.item.state = state.to_owned();
            sight.saga.problem = Some(shared::effect::Problem {
                text: "x".to_owned(),
                is_pending,
            });
        })
    };
    assert!(kept(&stopped("-5", false)).problem.as_ref().unwrap().is_pending);
    assert!(stopped("-5", true).is_empty());
    assert!(stopped("2", false).is_empty(), "our own note is not taken for somebody");
    assert_eq!(kept(&stopped("2", true)).stage, Stage::Ready);
}

#[test]
fn without_an_approval_nothing_is_done() {
    for verdict in [Verdict::Rejected, Verdict::Canceled, Verdict::Completed] {
        let effects = decided(OnboardingKind::AddUser, |sight| sight.item.verdict = verdict);
        assert!(acts(&effects).is_empty());
        assert!(kept(&effects).is_over());
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, Effect::GoOn { when: GoOn::Now }))
        );
    }
}

/// What the partner reads: how the request stands, about whom, and each of its steps.
fn told(effects: &[Effect]) -> String {
    let told = effects.iter().find_map(|effect| match effect {
        Effect::ReportOnboarding(report) => Some(&report.progress),
        _ => None,
    });
    let Some(progress) = told else {
        return "nothing".to_owned();
    };
    let steps = progress.steps.iter().map(|(key, _, state)| format!("{key} {state:?}"));
    let person = progress.user_name.as_deref().unwrap_or("nobody");
    format!(
        "{:?} about {person}: {}",
        progress.state,
        steps.collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn the_partner_reads_how_far_each_step_is() {
    let add = OnboardingKind::AddUser;
    assert_eq!(
        told(&decided(add, |_| ())),
        "InProgress about nobody: approved Done, company Done, user Pending, roles Pending"
    );
    let begun = |sight: &mut Sight| changing(sight, member("GCADA", &[], Some(&["A"])), Some(&[]));
    let made = decided(add, |sight| {
        begun(sight);
        sight.saga.stage = Stage::Creating;
    });
    assert_eq!(
        told(&made),
        "InProgress about x: approved Done, company Done, user Done, roles Pending"
    );
    let done = |kind| {
        told(&decided(kind, |sight| {
            begun(sight);
            sight.saga.stage = Stage::Closing;
            sight.item.verdict = Verdict::Completed;
        }))
    };
    let all = "approved Done, company Done, user Done, roles Done";
    assert_eq!(done(add), format!("Done about x: {all}"));
    assert_eq!(done(OnboardingKind::RemoveAccess), format!("Done about x: {all}"));
    assert_eq!(
        done(OnboardingKind::OffBoardPartner),
        format!("Done about nobody: {all}")
    );
    assert_eq!(
        done(OnboardingKind::ChangeRoles),
        "Done about x: approved Done, company Done, user Skipped, roles Done"
    );
    let stopped = decided(add, |sight| {
        sight.is_known = true;
        sight.saga.company = Some(COMPANY.parse().unwrap());
        sight.saga.answers = answers(&[("role_bundle", "owner")]);
    });
    assert_eq!(
        told(&stopped),
        "Failed about nobody: approved Done, company Done, user Failed, roles Failed"
    );
    let undone = |heard: Option<&str>| {
        told(&decided(add, |sight| {
            changing(sight, member("GCADA", &[], Some(&["A"])), None);
            sight.saga.members[0].is_new = true;
            sight.saga.told = heard.map(str::to_owned);
            let because = Undoing::Canceled;
            sight.saga.stage = Stage::Undoing { because, tries: 1 };
            sight.item.verdict = Verdict::Canceled;
        }))
    };
    assert_eq!(
        undone(Some("being set up")),
        "Undone about x: approved Done, company Done, user Undone, roles Skipped"
    );
    assert_eq!(undone(None), "nothing", "who has heard nothing hears nothing");
}

#[test]
fn who_is_new_finds_the_first_steps_once_everything_is_ready() {
    let mapping = include_str!("../../../../infra/mapping.yaml").replace("first_steps: []", "first_steps: [KB0010011]");
    let articles = |kind: OnboardingKind, stage: Stage, verdict: Verdict| {
        let mut facts = facts(kind, |sight| {
            changing(sight, member("GCADA", &[], Some(&["A"])), Some(&[]));
            sight.saga.stage = stage;
            sight.item.verdict = verdict;
        });
        facts.mapping = Arc::new(Mapping::parse(&mapping).unwrap());
        let effects = decide(&event(), &facts);
        let report = effects.iter().find_map(|effect| match effect {
            Effect::ReportOnboarding(report) => Some(report.progress.articles.len()),
            _ => None,
        });
        report.expect("the partner is told")
    };
    let add = OnboardingKind::AddUser;
    assert_eq!(articles(add, Stage::Creating, Verdict::Approved), 0);
    assert_eq!(articles(add, Stage::Closing, Verdict::Completed), 1);
    let change = OnboardingKind::ChangeRoles;
    assert_eq!(articles(change, Stage::Closing, Verdict::Completed), 0);
}

#[test]
fn what_a_user_is_entitled_to_is_kept_and_said() {
    let effects = decided(OnboardingKind::ChangeRoles, |sight| {
        changing(sight, member("GCADA", &[], Some(&["A"])), Some(&["A"]));
        sight.found.entitlements = BTreeSet::from(["Lens".to_owned()]);
    });
    let deed = kept(&effects).deeds.last().unwrap();
    assert_eq!(deed.entitlements, BTreeSet::from(["Lens".to_owned()]));
    let note = effects.iter().find_map(|effect| match effect {
        Effect::AddJournal(note) if note.what == "done" => Some(note.text.clone()),
        _ => None,
    });
    assert!(note.unwrap().contains("Trading Grid lists these entitlements: Lens"));
}
