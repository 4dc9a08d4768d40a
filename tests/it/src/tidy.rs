//! Truths that span files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn folders(path: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(path)).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// All Rust files under a folder.
fn sources(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(path)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
                found.push(entry.path().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn the_top_level_has_the_agreed_folders_and_no_other() {
    let visible: Vec<String> = folders("")
        .into_iter()
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    assert_eq!(visible, ["events", "functions", "infra", "shared", "tests"]);
}

#[test]
fn every_function_has_a_resource_a_small_main_and_a_sample_event() {
    let template = read("infra/template.yaml");
    let readme = read("README.md");
    for function in folders("functions") {
        assert!(
            template.contains(&format!("target/lambda/{function}/")),
            "{function} has no resource"
        );
        assert!(readme.contains(&function), "the README does not name {function}");
        let main = read(&format!("functions/{function}/src/main.rs"));
        assert!(main.lines().count() <= 12, "{function}: main.rs does more than start");
        let samples = std::fs::read_dir(root().join("events").join(&function)).map(Iterator::count);
        assert!(samples.is_ok_and(|count| count > 0), "{function} has no sample event");
    }
}

#[test]
fn template_and_configuration_name_the_same_variables() {
    let template = read("infra/template.yaml");
    let config = read("shared/src/config.rs");
    let is_variable = |word: &&str| {
        word.len() > 3
            && word.contains('_')
            && word
                .chars()
                .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
    };
    let in_template: BTreeSet<&str> = template
        .lines()
        .filter_map(|line| line.trim().split_once(": ").map(|(name, _)| name))
        .filter(is_variable)
        .collect();
    let read_by_config: BTreeSet<&str> = config.split('"').filter(is_variable).collect();
    for variable in &in_template {
        let is_read = read_by_config.contains(variable) || variable.starts_with("QUEUE_URL_");
        assert!(is_read, "the template sets {variable}, which nobody reads");
    }
    let from_lambda = [
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_TASK_ROOT",
    ];
    let optional = ["AWS_ENDPOINT_URL", "EXTRA_CA_FILE"];
    for variable in read_by_config.iter().filter(|name| !name.starts_with("QUEUE_URL_")) {
        let is_set = in_template.contains(variable) || from_lambda.contains(variable) || optional.contains(variable);
        assert!(is_set, "{variable} is read, and nothing sets it");
    }
}

#[test]
fn what_decides_is_pure() {
    let mut pure = Vec::new();
    for function in [
        "bridge-escalation",
        "create-task",
        "open-case",
        "publish-knowledge",
        "provision-partner",
        "raise-incident",
        "relay-status",
    ] {
        pure.extend(sources(&format!("functions/{function}/src/decide")));
        pure.push(format!("functions/{function}/src/decide.rs"));
    }
    pure.extend(
        ["additions", "domain", "effect", "event", "mapping", "messages", "retry"]
            .map(|name| format!("shared/src/{name}.rs")),
    );
    for path in pure {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in [
            "async ",
            ".await",
            "aws_",
            "reqwest",
            "Clients",
            "SystemTime",
            "now_utc",
        ] {
            let uses = code
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(word));
            assert!(!uses, "{path} must be pure and mentions {word}");
        }
    }
}

#[test]
fn only_one_place_sends_and_only_one_reads_the_environment() {
    let all = ["shared/src", "functions", "infra/cli/src"]
        .into_iter()
        .flat_map(sources);
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        let is = |name: &str| path.ends_with(name);
        assert!(is("http.rs") || !text.contains("reqwest::"), "{path} sends by itself");
        assert!(
            is("config.rs") || !text.contains("env::var("),
            "{path} reads the environment"
        );
        assert!(
            is("lambda.rs") || !text.contains("lambda_runtime::"),
            "{path} knows Lambda"
        );
    }
}

#[test]
fn the_readme_keeps_its_promises() {
    let readme = read("README.md");
    let makefile = read("Makefile");
    for command in readme.split('`').filter_map(|text| text.strip_prefix("make ")) {
        let target = command.split_whitespace().next().unwrap_or_default();
        assert!(
            makefile.contains(&format!("\n{target}:")),
            "the README names make {target}, which is not there"
        );
    }
    for path in [
        "infra/mapping.yaml",
        "infra/template.yaml",
        "infra/samconfig.toml",
        "tests/worlds",
        "tests/cloud",
        "tests/it",
        "tests/bench",
    ] {
        assert!(readme.contains(path) && root().join(path).exists(), "{path}");
    }
}
