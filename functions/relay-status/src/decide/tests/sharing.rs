//! Which files go to the partner.

use shared::effect::AddJournal;
use shared::servicenow::Attachment;
use shared::store::reference_key;

use super::*;

/// When the comments of these tests were written.
const WRITTEN: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * 1000;

fn file(id: char, name: &str, created: i64) -> Attachment {
    Attachment {
        sys_id: id.to_string().repeat(32).parse().unwrap(),
        file_name: name.to_owned(),
        content_type: "text/plain; charset=utf-8".to_owned(),
        size: Some(10),
        hash: None,
        table: "sn_customerservice_case".to_owned(),
        record: Some(RECORD.parse().unwrap()),
        created: Some(Timestamp::from_millis(created)),
        creator: "ada".to_owned(),
    }
}

/// A comment of an agent, as gathered.
fn sharing(id: char, text: &str) -> Said {
    let sys_id = id.to_string().repeat(32).parse().unwrap();
    let created = Timestamp::from_millis(WRITTEN);
    let comment = PublicComment::of(Journal::Comments, sys_id, created, None, text.to_owned()).unwrap();
    let shares = comment.shared_files().into_iter().map(str::to_owned);
    let shares = shares.collect::<Vec<_>>();
    Said {
        is_obeyed: !shares.is_empty(),
        shares,
        comment,
        is_new: true,
        author: "Partner Support".to_owned(),
    }
}

/// What is decided of `share: a.txt` and these files, ids shortened.
fn with(files: Vec<Attachment>, change: impl FnOnce(&mut Found)) -> Vec<String> {
    let told = decided(|found| {
        found.conversation.comments = vec![sharing('c', "Here it is.\nshare: a.txt")];
        found.conversation.files = files;
        change(found);
    });
    told.iter().map(|line| short(line)).collect()
}

/// Ids by their first letter, and the record not at all.
fn short(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.len() {
        32 if word == RECORD => "it",
        32 => &word[..1],
        16 if word.bytes().all(|byte| byte.is_ascii_hexdigit()) => "#",
        _ => word,
    });
    words
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" of sn_customerservice_case it", "")
}

const SAID: &str = "post c: Here it is.";

fn refused(file: char, reason: &str) -> [String; 4] {
    [
        SAID.to_owned(),
        format!("refused: show the file {file} to the partner: {reason}"),
        "add refusal of share c # to work_notes".to_owned(),
        "give the partner notice of refusal of share c #".to_owned(),
    ]
}

#[test]
fn a_shared_file_follows_its_comment_which_is_shown_without_the_line() {
    let told = with(vec![file('1', "a.txt", 0), file('2', "b.txt", 0)], |_| {});
    assert_eq!(told, [SAID, "show the file 1 to the partner"]);
    let alone = with(vec![file('1', " a.txt ", 0)], |found| {
        found.conversation.comments = vec![sharing('c', "SHARE :  a.txt  ")];
    });
    assert_eq!(alone, ["nothing in c", "show the file 1 to the partner"]);
    let dealt_with = with(Vec::new(), |found| found.conversation.comments[0].shares.clear());
    assert_eq!(dealt_with, [SAID], "the line is not shown later either");
}

#[test]
fn only_an_agents_line_with_the_exact_name_shares_a_file() {
    let name = |text: &str| {
        with(vec![file('1', "a.txt", 0)], |found| {
            found.conversation.comments = vec![sharing('c', text)]
        })
        .contains(&"show the file 1 to the partner".to_owned())
    };
    assert!(name("share: a.txt"));
    for text in [
        "share: A.txt",
        "share: a.tx",
        "please share: a.txt",
        "> share: a.txt",
        "share:",
        "share a.txt",
        "reshare: a.txt",
    ] {
        assert!(!name(text), "{text}");
    }
    // As gathered of anybody else.
    let told = with(vec![file('1', "a.txt", 0)], |found| {
        found.conversation.comments[0].shares.clear();
        found.conversation.comments[0].is_obeyed = false;
    });
    assert_eq!(told, ["post c: Here it is.\nshare: a.txt"]);
    let quoted = sharing('c', "Ada wrote:\nshare: a.txt\n\nvia Trading Grid · ref 7f3a");
    assert!(quoted.shares.is_empty(), "it repeats what a partner wrote");
}

#[test]
fn of_several_the_newest_that_was_there_is_meant_and_else_the_first_that_comes_in_time() {
    let shown = |files: &[(char, i64)]| {
        let files = files.iter().map(|(id, created)| file(*id, "a.txt", *created)).collect();
        let told = with(files, |_| {});
        told.into_iter()
            .find_map(|line| Some(line.strip_prefix("show the file ")?[..1].to_owned()))
    };
    let is = |id: &str| Some(id.to_owned());
    assert_eq!(
        shown(&[('1', 0), ('2', WRITTEN - 1000), ('3', WRITTEN + 1000)]),
        is("2")
    );
    assert_eq!(shown(&[('1', WRITTEN), ('2', WRITTEN + 1000)]), is("1"));
    assert_eq!(shown(&[('2', WRITTEN + 2000), ('1', WRITTEN + 1000)]), is("1"));
    assert_eq!(shown(&[('1', WRITTEN + DAY)]), is("1"));
    assert_eq!(shown(&[('1', WRITTEN + DAY + 1000)]), None);
    let told = with(vec![file('1', "a.txt", 0), file('2', "a.txt", 0)], |_| {});
    assert_eq!(
        told,
        refused('1', "several files of this name were attached in the same second")
    );
}

#[test]
fn a_file_that_the_mapping_does_not_let_out_is_refused_on_both_sides() {
    let of = |change: fn(&mut Attachment)| {
        let mut file = file('1', "a.txt", 0);
        change(&mut file);
        with(vec![file], |_| {})
    };
    assert_eq!(
        of(|file| file.size = Some(1001)),
        refused('1', "it has 1001 bytes, and at most 1000 are shared")
    );
    let told = of(|file| file.content_type = "Image/PNG".to_owned());
    assert_eq!(told, refused('1', "files of type image/png are not shared"));
    let told = with(vec![file('1', "a.txt", 0)], |found| {
        found.conversation.ledger = vec![brought('8'), brought('9')]
    });
    assert_eq!(told, refused('1', "at most 2 files of an issue are shared"));
}

/// A file that was shared before.
fn brought(id: char) -> Claim {
    Claim {
        kind: ClaimKind::Shared,
        remote: Some(id.to_string().repeat(32)),
        ..claim(&id.to_string())
    }
}

#[test]
fn a_file_is_shared_once_and_one_of_the_partner_not_at_all() {
    let has_it = [SAID, "the partner has the file 1 already"];
    let told = with(vec![file('1', "a.txt", 0)], |found| {
        found.conversation.ledger = vec![brought('1')]
    });
    assert_eq!(told, has_it);
    for kind in [ClaimKind::Document, ClaimKind::Text] {
        let told = with(vec![file('1', "a.txt", 0)], |found| {
            found.conversation.ledger = vec![Claim { kind, ..brought('1') }];
        });
        assert_eq!(told, has_it);
    }
    let told = with(vec![file('1', "a.txt", 0)], |found| {
        found.conversation.comments = vec![sharing('c', "share: a.txt\nshare: a.txt"), sharing('d', "share: a.txt")];
    });
    let has_it = [
        "nothing in cd",
        "show the file 1 to the partner",
        "the partner has the file 1 already",
    ];
    assert_eq!(told, has_it);
}

#[test]
fn a_file_that_is_not_there_is_said_once_and_shared_when_it_comes() {
    let absent = [
        SAID,
        "a comment shares a file that is not attached: absence of share c #",
        "add absence of share c # to work_notes",
        "give the partner notice of absence of share c #",
    ];
    assert_eq!(with(Vec::new(), |_| {}), absent);
    let noted = |found: &mut Found| {
        let what = crate::decide::sharing::what(&"c".repeat(32).parse().unwrap(), "a.txt");
        let note = AddJournal {
            record: found.link.record.clone(),
            journal: Journal::WorkNotes,
            what: format!("absence of {what}"),
            text: String::new(),
        };
        found.conversation.comments[0].is_new = false;
        found.conversation.ledger = vec![claim(&reference_key(&note.record.sys_id, &note.in_journal()))];
    };
    assert_eq!(with(Vec::new(), noted), [""; 0]);
    let came = with(vec![file('1', "a.txt", WRITTEN + 5000)], noted);
    assert_eq!(came, ["show the file 1 to the partner"]);
}

#[test]
fn a_line_is_done_with_once_its_file_was_shared_or_refused() {
    let record = link().record;
    let entry = "c".repeat(32).parse().unwrap();
    let mut found = found();
    found.conversation.comments = vec![sharing('c', "share: a.txt")];
    found.conversation.files = vec![file('1', "a.txt", 0)];
    let Some(Effect::ShareDocument(share)) = effects_at(Place::Found(Box::new(found))).pop() else {
        panic!("nothing is shared");
    };
    let [Effect::AddJournal(note), Effect::PostNotice(_)] = share.refused("no") else {
        panic!("nobody is told");
    };
    for done in [share.what, note.in_journal()] {
        let ledger = [claim(&reference_key(&record.sys_id, &done))];
        assert!(is_shared_already(&ledger, &record, &entry, "a.txt"));
        assert!(!is_shared_already(&ledger, &record, &entry, "b.txt"));
    }
    assert!(!is_shared_already(&[], &record, &entry, "a.txt"));
}
