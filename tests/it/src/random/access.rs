//! Random histories of requests about access: after all of them the users of a company and their roles are what the
//! requests that ServiceNow calls complete say, no more and no less.
//!
//! A seed decides who orders what, in which order people decide, who cancels when, who takes another log-in, what an
//! administrator does by hand in Trading Grid, and what fails. It goes in rounds: after each one it is quiet, whoever
//! has to mend a request does so or gives it up, and the company is compared.
//!
//! What a request must come to is said by [`Model`] alone, which knows the orders and the states of their items, and
//! nothing of what Gridlink keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;
use worlds::trading_grid::User;

use super::senders::Senders;
use super::{kill_at_random, settle};
use crate::chaos::Chaos;
use crate::faults::Plan;
use crate::oracle;
use crate::play::{Play, default_mapping, in_paused_time};
use crate::prove::{on_all_processors, setting};
use crate::provision_partner::nobody_has_a_turn;
use crate::scenarios::NORTHWIND;
use crate::town::Town;

/// How many seeds every run of the tests tries.
const SEEDS: u64 = 12;
const REQUESTER: &str = "tom.becker";
/// Those of `infra/mapping.yaml` in production.
const BUNDLES: [(&str, &[&str]); 4] = [
    ("partner_viewer", &["Community Viewer"]),
    ("partner_operator", &["Community Viewer", "Lens Standard role"]),
    ("partner_finance", &["Community Viewer", "Restricted Visibility custom"]),
    (
        "partner_administrator",
        &[
            "Account Admin",
            "Community Viewer",
            "Lens Standard role",
            "Partner Admin",
        ],
    ),
];
const ADMINISTRATORS: [&str; 2] = ["Account Admin", "Partner Admin"];
/// A role that stands in no bundle.
const UNMANAGED: &str = "TGMS Reports";
const NEWCOMERS: [(&str, &str); 4] = [
    ("Grace", "Hopper"),
    ("Alan", "Kay"),
    ("Edith", "Clarke"),
    ("Radia", "Perlman"),
];
/// The longest that anybody waits before doing the next thing in a round.
const LONGEST_WAIT: u64 = 90_000;

/// A user as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    login: String,
    roles: BTreeSet<String>,
}

/// What is asked for.
#[derive(Debug, Clone)]
enum Wish {
    Add { bundle: usize },
    Change { bundle: usize },
    Remove,
}

/// How sure it is what comes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    NotDone,
    Either,
}

struct Order {
    item: String,
    email: String,
    wish: Wish,
    fate: Fate,
}

/// The company as the orders want it.
struct Model {
    people: BTreeMap<String, Person>,
}

impl Model {
    fn of(town: &Town) -> Self {
        let people = town.community.users(NORTHWIND).into_iter().map(|user| {
            let email = user.email().to_owned();
            let (login, roles) = (user.login_id, user.roles);
            (email, Person { login, roles })
        });
        Self {
            people: people.collect(),
        }
    }

    /// What a request that is complete has changed.
    fn carry_out(&mut self, order: &Order) {
        let bundle = |at: usize| BUNDLES[at].1.iter().map(|&role| role.to_owned());
        match order.wish {
            Wish::Add { bundle: at } => {
                let (login, roles) = (order.email.clone(), bundle(at).collect());
                self.people.insert(order.email.clone(), Person { login, roles });
            }
            Wish::Change { bundle: at } => {
                let managed: BTreeSet<&str> = BUNDLES.iter().flat_map(|(_, roles)| roles.iter().copied()).collect();
                if let Some(person) = self.people.get_mut(&order.email) {
                    person.roles.retain(|role| !managed.contains(role.as_str()));
                    person.roles.extend(bundle(at));
                }
            }
            Wish::Remove => {
                self.people.remove(&order.email);
            }
        }
    }

    fn administrators(&self) -> usize {
        self.people
            .values()
            .filter(|person| administrates(&person.roles))
            .count()
    }
}

fn administrates(roles: &BTreeSet<String>) -> bool {
    ADMINISTRATORS.iter().any(|&role| roles.contains(role))
}

/// What is done in a round, and when.
enum Act {
    Approve(String),
    Reject(String),
    Cancel(String),
    Rename { user_id: String, login: String },
    GiveRole { user_id: String },
}

struct History {
    town: Arc<Town>,
    rng: Rng,
    model: Model,
    log: Vec<String>,
    renamed: usize,
}

impl History {
    async fn round(&mut self, play: &Play, senders: &Senders) {
        let orders = self.order();
        let mut acts = self.decisions(&orders);
        self.by_hand(&orders, &mut acts);
        acts.sort_by_key(|(when, _)| *when);
        let mut now = 0;
        for (when, act) in acts {
            sleep(Duration::from_millis(when - now)).await;
            now = when;
            self.act(act);
        }
        settle(&self.town, play, senders).await;
        self.mend(&orders, play, senders).await;
        self.judge(&orders);
    }

    /// Orders for different people, now and then two for one newcomer.
    fn order(&mut self) -> Vec<Order> {
        let mut orders: Vec<Order> = Vec::new();
        let mut loses_administrator = false;
        for _ in 0..self.rng.usize(2..=5) {
            let bundle = self.rng.usize(0..BUNDLES.len());
            let newcomers = NEWCOMERS.map(|(first, last)| email(first, last));
            let is_asked = |email: &String| orders.iter().any(|order| order.email == *email);
            let mut known: Vec<String> = self.model.people.keys().cloned().collect();
            known.retain(|email| !is_asked(email));
            if self.rng.u8(0..10) < 4 || known.is_empty() {
                let email = self.rng.choice(newcomers).unwrap();
                let mut asked: Vec<&mut Order> = orders.iter_mut().filter(|order| order.email == email).collect();
                if asked.len() > 1 || asked.iter().any(|order| !matches!(order.wish, Wish::Add { .. })) {
                    continue;
                }
                let fate = match asked.first_mut() {
                    // Whoever has the first turn is done.
                    Some(first) if first.fate == Fate::Done => {
                        first.fate = Fate::Either;
                        Fate::Either
                    }
                    Some(_) => Fate::Either,
                    None if self.model.people.contains_key(&email) => Fate::NotDone,
                    None => Fate::Done,
                };
                orders.push(self.place(email, Wish::Add { bundle }, fate));
                continue;
            }
            let email = self.rng.choice(known).unwrap();
            let person = self.model.people[&email].clone();
            let wish = if self.rng.bool() {
                Wish::Change { bundle }
            } else {
                Wish::Remove
            };
            let stays = matches!(wish, Wish::Change { bundle } if BUNDLES[bundle].0 == "partner_administrator");
            if administrates(&person.roles) && !stays {
                if loses_administrator {
                    continue;
                }
                loses_administrator = true;
            }
            let is_last = administrates(&person.roles) && !stays && self.model.administrators() == 1;
            let fate = if is_last { Fate::Either } else { Fate::Done };
            orders.push(self.place(email, wish, fate));
        }
        orders
    }

    fn place(&mut self, email: String, wish: Wish, fate: Fate) -> Order {
        let (item, mut answers) = match &wish {
            Wish::Add { bundle } => {
                let (first, last) = NEWCOMERS
                    .into_iter()
                    .find(|(first, last)| self::email(first, last) == email)
                    .unwrap();
                if self.rng.bool() {
                    let answers = vec![
                        ("company_name", "Northwind Traders".to_owned()),
                        ("trading_address", "ZZ:NORTHWIND".to_owned()),
                        ("contact_name", format!("{first} {last}")),
                        ("contact_email", email.clone()),
                        ("role_bundle", BUNDLES[*bundle].0.to_owned()),
                        ("go_live", "2027-01-04".to_owned()),
                    ];
                    ("Onboard a trading partner", answers)
                } else {
                    let answers = vec![
                        ("company_id", NORTHWIND.to_owned()),
                        ("first_name", first.to_owned()),
                        ("last_name", last.to_owned()),
                        ("contact_email", email.clone()),
                        ("role_bundle", BUNDLES[*bundle].0.to_owned()),
                    ];
                    ("Add a trading partner user", answers)
                }
            }
            Wish::Change { bundle } => {
                let answers = vec![
                    ("company_id", NORTHWIND.to_owned()),
                    ("role_bundle", BUNDLES[*bundle].0.to_owned()),
                ];
                ("Change a trading partner user's roles", answers)
            }
            Wish::Remove => (
                "Remove a trading partner user's access",
                vec![("company_id", NORTHWIND.to_owned())],
            ),
        };
        let login = self
            .model
            .people
            .get(&email)
            .map_or(email.clone(), |person| person.login.clone());
        answers.extend([
            ("login_id", login),
            ("environment", "production".to_owned()),
            ("reason", "By chance".to_owned()),
        ]);
        let answers: Vec<(&str, &str)> = answers.iter().map(|(name, answer)| (*name, answer.as_str())).collect();
        let item = self.town.servicenow.order(REQUESTER, item, &answers);
        self.log.push(format!("{item}: {wish:?} for {email}, to be {fate:?}"));
        Order {
            item,
            email,
            wish,
            fate,
        }
    }

    /// Most are approved; some of them are canceled, before or while they are carried out.
    fn decisions(&mut self, orders: &[Order]) -> Vec<(u64, Act)> {
        let mut acts = Vec::new();
        for order in orders {
            let decided = self.rng.u64(0..LONGEST_WAIT);
            let item = || order.item.clone();
            match self.rng.u8(0..10) {
                0 => acts.push((decided, Act::Reject(item()))),
                1 => acts.push((decided, Act::Cancel(item()))),
                roll => {
                    acts.push((decided, Act::Approve(item())));
                    if roll < 5 {
                        let canceled = decided + self.rng.u64(0..LONGEST_WAIT / 3);
                        acts.push((canceled, Act::Cancel(item())));
                    }
                }
            }
        }
        acts
    }

    /// What users and administrators do in Trading Grid meanwhile.
    fn by_hand(&mut self, orders: &[Order], acts: &mut Vec<(u64, Act)>) {
        for user in self.town.community.users(NORTHWIND) {
            let when = self.rng.u64(0..LONGEST_WAIT);
            match self.rng.u8(0..12) {
                0 => {
                    self.renamed += 1;
                    let login = format!("{}.{}", user.login_id, self.renamed);
                    acts.push((
                        when,
                        Act::Rename {
                            user_id: user.user_id,
                            login,
                        },
                    ));
                }
                // Who loses the access may lose it before.
                1 if !orders.iter().any(|order| order.email == user.email()) => {
                    acts.push((when, Act::GiveRole { user_id: user.user_id }));
                }
                _ => {}
            }
        }
    }

    fn act(&mut self, act: Act) {
        let servicenow = &self.town.servicenow;
        let row = |item: &str| servicenow.row("sc_req_item", item).unwrap();
        match act {
            Act::Approve(item) => {
                self.log.push(format!("{item} is approved"));
                servicenow.approve(&item);
            }
            Act::Reject(item) => {
                self.log.push(format!("{item} is rejected"));
                servicenow.reject(&item, "By chance.");
            }
            Act::Cancel(item) if row(&item)["state"] != "3" => {
                self.log.push(format!("{item} is canceled"));
                servicenow.update("sc_req_item", &item, &[("state", "4")]);
            }
            Act::Cancel(_) => {}
            Act::Rename { user_id, login } => {
                let Some(user) = self.town.community.user(NORTHWIND, &user_id) else {
                    return;
                };
                self.log.push(format!("{} is {login} from now on", user.login_id));
                self.town.community.rename_login(NORTHWIND, &user_id, &login);
                if let Some(person) = self.model.people.get_mut(user.email()) {
                    person.login = login;
                }
            }
            Act::GiveRole { user_id } => {
                let Some(user) = self.town.community.user(NORTHWIND, &user_id) else {
                    return;
                };
                self.log.push(format!("{} is given {UNMANAGED}", user.login_id));
                self.town.community.give_role(NORTHWIND, &user_id, UNMANAGED);
                if let Some(person) = self.model.people.get_mut(user.email()) {
                    person.roles.insert(UNMANAGED.to_owned());
                }
            }
        }
    }

    fn state(&self, order: &Order) -> String {
        let row = self.town.servicenow.row("sc_req_item", &order.item).unwrap();
        row["state"].clone()
    }

    /// Whoever finds a request pending lets it be tried once more, and then gives it up.
    async fn mend(&mut self, orders: &[Order], play: &Play, senders: &Senders) {
        for state in ["2", "4"] {
            for order in orders {
                if self.state(order) == "-5" {
                    self.log
                        .push(format!("{} is pending, and gets the state {state}", order.item));
                    self.town
                        .servicenow
                        .update("sc_req_item", &order.item, &[("state", state)]);
                }
            }
            settle(&self.town, play, senders).await;
        }
    }

    /// Compares what became of the requests and of the company.
    fn judge(&mut self, orders: &[Order]) {
        for order in orders {
            let state = self.state(order);
            let is_done = state == "3";
            let was_approved = self.log.contains(&format!("{} is approved", order.item));
            let was_canceled = self.log.contains(&format!("{} is canceled", order.item));
            self.log.push(format!("{} has ended as {state}", order.item));
            let login = self.model.people.get(&order.email).map(|person| &person.login);
            let is_renamed = login.is_some_and(|login| *login != order.email);
            let expected = match order.fate {
                _ if !was_approved => Fate::NotDone,
                Fate::Done if was_canceled || is_renamed => Fate::Either,
                fate => fate,
            };
            match (expected, is_done) {
                (Fate::Done, false) => self.wrong(format!("{} should be done", order.item)),
                (Fate::NotDone, true) => self.wrong(format!("{} should not be done", order.item)),
                _ => {}
            }
            if !is_done && state != "4" {
                self.wrong(format!("{} has the state {state}", order.item));
            }
            if is_done {
                self.model.carry_out(order);
            }
            // A user who is deleted cannot be brought back: somebody is told.
            if !is_done && matches!(order.wish, Wish::Remove) && self.is_gone(&order.email) {
                let notes = self.town.servicenow.journal(&order.item, "work_notes");
                if !notes.iter().any(|note| note.value.contains("Not undone")) {
                    self.wrong(format!("nobody was told that the user of {} is gone", order.item));
                }
                self.model.people.remove(&order.email);
            }
            self.said_once(order);
        }
        for pair in orders
            .iter()
            .enumerate()
            .flat_map(|(at, one)| orders[at + 1..].iter().map(move |two| (one, two)))
        {
            let (one, two) = pair;
            if one.email == two.email && self.state(one) == "3" && self.state(two) == "3" {
                self.wrong(format!("{} was made twice", one.email));
            }
        }
        self.compare();
    }

    fn is_gone(&self, email: &str) -> bool {
        !self
            .town
            .community
            .users(NORTHWIND)
            .iter()
            .any(|user| user.email() == email)
    }

    /// Each note and comment of ours stands on an item once: its last line is its own.
    fn said_once(&self, order: &Order) {
        for element in ["work_notes", "comments"] {
            let entries = self.town.servicenow.journal(&order.item, element);
            let ours = entries
                .iter()
                .filter(|entry| entry.created_by == "gridlink.integration");
            let mut seen = BTreeSet::new();
            for entry in ours {
                if !seen.insert(&entry.value) {
                    self.wrong(format!("said twice on {}: {}", order.item, entry.value));
                }
            }
        }
    }

    /// The company is as the model says.
    fn compare(&self) {
        let users = self.town.community.users(NORTHWIND);
        let mut found: BTreeMap<String, Person> = BTreeMap::new();
        for user in users {
            let person = Person {
                login: user.login_id.clone(),
                roles: user.roles.clone(),
            };
            self.is_without_consent(&user);
            if found.insert(user.email().to_owned(), person).is_some() {
                self.wrong(format!("there are two users with {}", user.email()));
            }
        }
        let emails: BTreeSet<&String> = found.keys().chain(self.model.people.keys()).collect();
        for email in emails {
            let (is, should) = (found.get(email), self.model.people.get(email));
            if is != should {
                self.wrong(format!("{email} is {is:?}, and should be {should:?}"));
            }
        }
        if self.model.administrators() == 0 {
            self.wrong("nobody administrates the company any more".to_owned());
        }
        nobody_has_a_turn(&self.town);
    }

    fn is_without_consent(&self, user: &User) {
        if user.profile["isConsentClause"] != "No" {
            self.wrong(format!("somebody agreed for {}", user.login_id));
        }
    }

    fn wrong(&self, what: String) {
        self.town.violated(what);
    }
}

fn email(first: &str, last: &str) -> String {
    format!("{first}.{last}@northwind.example").to_lowercase()
}

async fn play(seed: u64) -> (Vec<String>, Vec<String>) {
    let town = Town::new(Plan::default(), default_mapping());
    let play = Rc::new(Play::new(&town));
    let chaos = town.chaos.get_or_init(|| Chaos::of(seed));
    play.open_the_doors();
    let mut rng = Rng::with_seed(seed);
    let senders = Senders::open(&play, &mut rng);
    kill_at_random(&town, rng.fork());
    let mut history = History {
        town: Arc::clone(&town),
        model: Model::of(&town),
        rng: rng.fork(),
        log: Vec::new(),
        renamed: 0,
    };
    for _ in 0..rng.usize(2..=4) {
        history.round(&play, &senders).await;
    }
    chaos.end();
    settle(&town, &play, &senders).await;
    oracle::check_liveness(&town);
    oracle::check_table(&town);
    let outside = || town.community.calls().len();
    let before = outside();
    senders.send_everything_again().await;
    play.ring_everything();
    settle(&town, &play, &senders).await;
    history.compare();
    if outside() != before {
        town.violated(format!("a replay made {} calls to Trading Grid", outside() - before));
    }
    let violations = town.violations.lock().unwrap().clone();
    (history.log, violations)
}

fn run(seed: u64) -> (Vec<String>, Vec<String>) {
    fastrand::seed(7);
    in_paused_time(play(seed))
}

#[test]
fn users_and_roles_are_what_the_completed_requests_say() {
    if let Some(seed) = setting("GRIDLINK_SEED") {
        let (log, violations) = run(seed.parse().unwrap());
        println!("{}", log.join("\n"));
        assert!(violations.is_empty(), "{violations:#?}");
        return;
    }
    let count = setting("GRIDLINK_SEEDS").map_or(SEEDS, |count| count.parse().unwrap());
    let seeds = (1..=count).collect::<Vec<_>>();
    let (failures, ends) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<String, usize>::new()));
    on_all_processors(&seeds, |&seed| {
        let outcome = catch_unwind(AssertUnwindSafe(|| run(seed)));
        let (log, violations) = outcome.unwrap_or_else(|_| (Vec::new(), vec!["panicked".to_owned()]));
        for end in log.iter().filter_map(|line| line.split_once(" has ended as ")) {
            *ends.lock().unwrap().entry(end.1.to_owned()).or_default() += 1;
        }
        if !violations.is_empty() {
            failures
                .lock()
                .unwrap()
                .push(format!("GRIDLINK_SEED={seed} {violations:?}"));
        }
    });
    let ends = ends.into_inner().unwrap();
    println!("{count} seeds, requests by their last state: {ends:?}");
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} seeds fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(
        ends.contains_key("3") && ends.contains_key("4"),
        "nothing was done, or all of it: {ends:?}"
    );
}
