//! What a `central.toml` is read as, and what is said of a wrong one.

use super::broker::DEFAULT_BROKER;
use super::*;

const EMBEDDED: &str = "data_dir = \"data\"\n[broker]\nembedded = true\n";

#[test]
fn every_key_is_read() {
    let text = r#"
        listen = "0.0.0.0:8443"
        data_dir = "data"
        insecure = false
        [tls]
        cert_file = "c.pem"
        key_file = "/k.pem"
        [broker]
        url = "mqtts://broker:8883"
        ca_file = "ca.pem"
        cert_file = "central.pem"
        key_file = "central.key"
        username = "central"
        password_file = "pw"
        client_id = "central-2"
        [[halls]]
        id = "tanggu"
        name = "塘沽中心"
        [[halls.windows]]
        id = "3"
        name = "3号窗口"
    "#;
    let config = Config::parse(text, Path::new("/etc/chuangming/central.toml")).unwrap();
    assert_eq!(config.database(), Ok(Database::File("/etc/chuangming/data/central.db".into())));
    assert_eq!(config.tls.unwrap().key_file, Path::new("/k.pem"));
    assert_eq!(
        (config.halls[0].name.as_str(), config.halls[0].windows[0].name.as_str()),
        ("塘沽中心", "3号窗口")
    );
    let Broker::External(broker) = config.broker else { panic!("external") };
    assert_eq!((broker.url.port(), broker.client_id.as_str()), (Some(8883), "central-2"));
    assert_eq!(broker.login.unwrap().1, Path::new("/etc/chuangming/pw"));
}

#[test]
fn little_is_enough() {
    let config = Config::parse(EMBEDDED, Path::new("central.toml")).unwrap();
    assert_eq!(
        (config.listen, config.database()),
        (DEFAULT_LISTEN, Ok(Database::File("data/central.db".into())))
    );
    let broker = EmbeddedBroker { listen: DEFAULT_BROKER, listen_v4: None, passwords_file: None };
    assert_eq!(config.broker, Broker::Embedded(broker));
}

#[test]
fn the_documented_example_is_good() {
    let text = include_str!("../../central.example.toml");
    let config = Config::parse(text, Path::new("central.toml")).unwrap();
    assert_eq!(config.halls[0].windows.len(), 2);
    // Uncommented, the other halves of it are good too.
    let (head, external) = text.split_once("# … or one that runs elsewhere").unwrap();
    let keys = external
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = ") || *line == "[broker]");
    let external: String = keys.map(|line| format!("{line}\n")).collect();
    let head = head.split_once("# Where the agents").unwrap().0;
    let tls = head
        .replace("# [tls]", "[tls]")
        .replace("# cert_file", "cert_file")
        .replace("# key_file", "key_file");
    let config = Config::parse(&format!("{tls}{external}"), Path::new("central.toml")).unwrap();
    assert!(config.tls.is_some() && matches!(config.broker, Broker::External(_)), "{config:?}");
}

/// Each row: a file, and what its problems must say.
fn check(rows: &[(&str, &[&str])]) {
    let mut failures = Vec::new();
    for (text, expected) in rows {
        let problems = match Config::parse(text, Path::new("c.toml")) {
            Ok(_) => "no problem".to_owned(),
            Err(problems) => problems.to_string(),
        };
        let missing: Vec<_> = expected.iter().filter(|part| !problems.contains(**part)).collect();
        if !missing.is_empty() {
            failures.push(format!("{text}\n  lacks {missing:?} in {problems}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn all_problems_are_reported_at_once() {
    check(&[
        (
            "listen = 3\nbrocker = 1",
            &[
                "c.toml: listen: is 3, expected an address",
                "c.toml: data_dir: is missing, expected a folder",
                "c.toml: broker: is missing, expected a table",
                "c.toml: brocker: is unknown; known here: listen",
            ],
        ),
        ("data_dir = \"\"\n[broker]\nembedded = true", &["data_dir: is \"\", expected a folder"]),
        (
            "data_dir = \"d\"\nlisten = \"0.0.0.0:80\"\n[broker]\nembedded = true\nlisten = \"0.0.0.0:1883\"",
            &[
                "listen: is 0.0.0.0:80: beyond loopback expected [tls]",
                "broker.listen: is 0.0.0.0:1883: the embedded broker speaks no TLS",
            ],
        ),
        (
            "data_dir = \"d\"\n[tls]\ncert_file = \"c\"\n[broker]\nembedded = true",
            &["tls.key_file: is missing"],
        ),
        ("data_dir = \"d\"\n[broker]", &["broker.embedded: is missing, expected embedded = true or url"]),
        (
            "data_dir = \"d\"\n[broker]\nembedded = true\nurl = \"mqtt://localhost\"",
            &["expected one of the two"],
        ),
        (
            "data_dir = \"d\"\n[broker]\nurl = \"mqtt://broker:1883\"",
            &["expected mqtts:// or insecure = true"],
        ),
        (
            "data_dir = \"d\"\n[broker]\nurl = \"http://broker\"",
            &["broker.url: is \"http://broker\", expected mqtts://"],
        ),
        ("data_dir = \"d\"\n[broker]\nurl = \"broker\"", &["broker.url: is \"broker\""]),
        (
            "data_dir = \"d\"\n[broker]\nurl = \"mqtts://b\"\nusername = \"u\"\nkey_file = \"k\"",
            &[
                "broker.ca_file: is missing",
                "broker.password_file: is missing, expected beside username",
                "broker.cert_file: is missing, expected beside key_file",
            ],
        ),
        (
            "data_dir = \"d\"\n[broker]\nembedded = true\n[[halls]]\nid = \"A\"\n[[halls]]\n[[halls.windows]]\nid = \"#\"",
            &["\"A\" is no hall id", "halls[1].id: is missing", "\"#\" is no window id"],
        ),
        (
            "data_dir = \"d\"\n[broker]\nembedded = true\n[[halls]]\nid = \"a\"\n[[halls]]\nid = \"a\"",
            &["there twice"],
        ),
        (
            "data_dir = \"d\"\n[broker]\nembedded = true\n[database]\nurl = \"postgres://u:hidden@localhost/c\"\nuser = 1",
            &[
                "database.url: holds a password, expected the whole address in a url_file",
                "database.user: is unknown",
            ],
        ),
        (
            "data_dir = \"d\"\n[broker]\nembedded = true\n[database]\nurl = \"x\"\nurl_file = \"f\"",
            &["database.url_file: is given beside url"],
        ),
        (
            "data_dir = \"d\"\n[broker]\nembedded = true\n[database]\ninsecure = true",
            &["database.url: is missing, expected postgres://"],
        ),
        ("data_dir = ", &["c.toml: line 1"]),
    ]);
}
