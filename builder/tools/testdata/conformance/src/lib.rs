//! Calls every function of every interface with right and wrong arguments, and tells what it
//! got. What depends on the machine or the moment is told by its shape only.

use astrid_sdk::astrid_sys::{self, CapsuleResult, Guest, astrid};
use astrid::approval::host as approval;
use astrid::elicit::host as elicit;
use astrid::fs::host as fs;
use astrid::http1_1_0::host as http;
use astrid::identity::host as identity;
use astrid::io::poll;
use astrid::ipc::host as ipc;
use astrid::kv::host as kv;
use astrid::net::host as net;
use astrid::process1_1_0::host as process;
use astrid::sys::host as sys;
use astrid::uplink::host as uplink;

struct Conformance;

/// A line: what was called, and what came of it.
type Lines = Vec<(String, String)>;

macro_rules! tell {
    ($lines:ident, $name:expr, $value:expr) => {
        $lines.push(($name.to_string(), format!("{:?}", $value)))
    };
}

fn sys_lines(l: &mut Lines) {
    for key in ["PLAIN", "NUMBER", "UNSET", "ABSENT", ""] {
        tell!(l, format!("get-config {key:?}"), sys::get_config(key));
    }
    let caller = sys::get_caller();
    tell!(l, "get-caller principal", caller.as_ref().map(|c| c.principal.is_some()));
    sys::log(sys::LogLevel::Info, "a line of the log");
    tell!(l, "clock-ms after 2020", sys::clock_ms() > 1_577_836_800_000);
    let before = sys::clock_monotonic_ns();
    tell!(l, "sleep-ns 1 ms", sys::sleep_ns(1_000_000));
    tell!(l, "clock-monotonic-ns moves", sys::clock_monotonic_ns() >= before + 1_000_000);
    tell!(l, "sleep-ns 0", sys::sleep_ns(0));
    tell!(l, "sleep-ns 61 s", sys::sleep_ns(61_000_000_000));
    for n in [0, 1, 32, 4096, 4097, u64::MAX] {
        tell!(l, format!("random-bytes {n}"), sys::random_bytes(n).map(|b| b.len()));
    }
    tell!(l, "enumerate-capabilities", sys::enumerate_capabilities());
    for uuid in ["", "x", "00000000-0000-0000-0000-000000000000"] {
        let request = sys::CapabilityCheckRequest { source_uuid: uuid.into(), capability: "net".into() };
        tell!(l, format!("check-capsule-capability {uuid:?}"), sys::check_capsule_capability(&request));
    }
}

fn kv_lines(l: &mut Lines) {
    tell!(l, "kv-get absent", kv::kv_get("absent"));
    tell!(l, "kv-get empty key", kv::kv_get(""));
    tell!(l, "kv-get null in key", kv::kv_get("a\0b"));
    tell!(l, "kv-set a", kv::kv_set("a", b"one"));
    tell!(l, "kv-set empty value", kv::kv_set("empty", b""));
    tell!(l, "kv-get empty value", kv::kv_get("empty"));
    tell!(l, "kv-get a", kv::kv_get("a"));
    tell!(l, "kv-set empty key", kv::kv_set("", b"x"));
    tell!(l, "kv-delete absent", kv::kv_delete("absent"));
    tell!(l, "kv-delete empty key", kv::kv_delete(""));
    for i in 0..5 {
        let _ = kv::kv_set(&format!("p/{i}"), &[i]);
    }
    let _ = kv::kv_set("pq", b"beside");
    tell!(l, "kv-list-keys p/", kv::kv_list_keys("p/"));
    tell!(l, "kv-list-keys all", kv::kv_list_keys(""));
    tell!(l, "kv-list-keys null", kv::kv_list_keys("\0"));
    tell!(l, "page 1", kv::kv_list_keys_page("p/", None, 2));
    tell!(l, "page 2", kv::kv_list_keys_page("p/", Some("p/1"), 2));
    tell!(l, "page at the end", kv::kv_list_keys_page("p/", Some("p/3"), 2));
    tell!(l, "page beyond", kv::kv_list_keys_page("p/", Some("z"), 2));
    tell!(l, "page between", kv::kv_list_keys_page("p/", Some("p/1x"), 1));
    tell!(l, "page without limit", kv::kv_list_keys_page("p/", None, 0));
    tell!(l, "cas absent to new", kv::kv_cas("cas", None, b"1"));
    tell!(l, "cas absent again", kv::kv_cas("cas", None, b"2"));
    tell!(l, "cas right", kv::kv_cas("cas", Some(b"1"), b"2"));
    tell!(l, "cas wrong", kv::kv_cas("cas", Some(b"1"), b"3"));
    tell!(l, "cas absent key", kv::kv_cas("none", Some(b"1"), b"3"));
    tell!(l, "cas empty key", kv::kv_cas("", None, b"3"));
    tell!(l, "kv-clear-prefix p/", kv::kv_clear_prefix("p/"));
    tell!(l, "kv-clear-prefix again", kv::kv_clear_prefix("p/"));
    tell!(l, "kv-clear-prefix null", kv::kv_clear_prefix("\0"));
    tell!(l, "kv-list-keys after", kv::kv_list_keys(""));
    tell!(l, "kv-clear-prefix all", kv::kv_clear_prefix(""));
}

fn envelope(e: Result<ipc::IpcEnvelope, ipc::ErrorCode>) -> String {
    match e {
        Ok(e) => {
            let list: Vec<_> = e
                .messages
                .iter()
                .map(|m| format!("{} {} from {}", m.topic, m.payload, match &m.principal {
                    ipc::PrincipalAttribution::Verified(_) => "verified",
                    ipc::PrincipalAttribution::Claimed(_) => "claimed",
                    ipc::PrincipalAttribution::System => "system",
                }))
                .collect();
            format!("{list:?} dropped {} lagged {}", e.dropped, e.lagged)
        },
        Err(e) => format!("{e:?}"),
    }
}

fn ipc_lines(l: &mut Lines) {
    let long = "a".repeat(257);
    for topic in [
        "conform.v1.said", "conform.v1.x.deep", "conform.v1.x.y.deep", "conform.v1.all.one", "conform.v1.all.one.two",
        "conform.v1.all", "conform.v1.other", "", "a..b", ".a", "a.", "1.2.3.4.5.6.7.8.9", long.as_str(), "*",
        "tool.v1.response.describe.self", "tool.v1.execute.x.result",
    ] {
        tell!(l, format!("publish {:.40}", topic), ipc::publish(topic, "{}"));
    }
    tell!(l, "publish no JSON", ipc::publish("conform.v1.said", "no json"));
    tell!(l, "publish empty", ipc::publish("conform.v1.said", ""));
    tell!(l, "publish a number", ipc::publish("conform.v1.said", "7"));
    tell!(l, "publish 1 MiB", ipc::publish("conform.v1.said", &format!("\"{}\"", "x".repeat((1 << 20) - 2))));
    tell!(l, "publish more", ipc::publish("conform.v1.said", &format!("\"{}\"", "x".repeat((1 << 20) - 1))));
    tell!(l, "publish 6 MiB", ipc::publish("conform.v1.said", &format!("\"{}\"", "x".repeat(6 << 20))));
    tell!(l, "publish-as", ipc::publish_as("conform.v1.said", "{}", "alice"));
    for pattern in [
        "conform.v1.heard", "conform.v1.all.*", "conform.v1.all.x", "conform.v1.*", "conform.*.heard", "*", "",
        "a..b", "1.2.3.4.5.6.7.8.9", long.as_str(), "conform.v1.all.*.x",
    ] {
        tell!(l, format!("subscribe {:.40}", pattern), ipc::subscribe(pattern).map(|_| "subscribed"));
    }
    if let Ok(s) = ipc::subscribe("conform.v1.all.*") {
        tell!(l, "poll nothing", envelope(s.poll()));
        tell!(l, "recv nothing", envelope(s.recv(1)));
        tell!(l, "publish to myself", ipc::publish("conform.v1.all.me", "{\"b\": 1, \"a\": [true, null, 1.5, \"<é>\"]}"));
        let _ = ipc::publish("conform.v1.all.me.too", "2");
        tell!(l, "recv 1", envelope(s.recv(100)));
        tell!(l, "recv 2", envelope(s.recv(100)));
        tell!(l, "poll 3", envelope(s.poll()));
        // To wait for it (ready, block, poll) panics inside the runtime 2026.10.1.
        drop(s.subscribe_readiness());
    }
    tell!(l, "poll none", poll::poll(&[]));
    let many: Vec<_> = (0..200).map(|_| ipc::subscribe("conform.v1.heard")).collect();
    tell!(l, "subscriptions at once", many.iter().filter(|s| s.is_ok()).count());
    tell!(l, "one too many", many.iter().find_map(|s| s.as_ref().err().map(|e| format!("{e:?}"))));
    drop(many);
    tell!(l, "subscribe after dropping", ipc::subscribe("conform.v1.heard").map(|_| "subscribed"));
    tell!(l, "get-interceptor-bindings", ipc::get_interceptor_bindings());
}

fn kind(s: Result<fs::FileStat, fs::ErrorCode>) -> String {
    format!("{:?}", s.map(|s| (s.size, s.kind, s.mode)))
}

fn fs_lines(l: &mut Lines) {
    for path in [
        "cwd://", "cwd://.", "cwd://absent", "cwd://../up", "cwd://a/../b", "cwd://a//b", "cwd:///abs", "relative", "/absolute",
        "./dot", "a\0b", "home://", "home://in", "home://in/", "home://out", "home://in/../out", "home:///in", "/tmp", "/tmp/x", "/tmp/../x", "/etc/passwd", "",
        "file:///etc/passwd", "cwd://in/./x",
    ] {
        tell!(l, format!("fs-exists {path:?}"), fs::fs_exists(path));
        // A folder on the machine's disk has the size that the disk gives it.
        l.push((format!("fs-stat {path:?}"), kind(fs::fs_stat(path).map(|s| fs::FileStat { size: if path == "/tmp" { 0 } else { s.size }, ..s }))));
    }
    for path in ["cwd://out", "cwd://out/a/b", "cwd://other", "cwd://", "home://in", "home://in/x/y", "home://out", "/tmp/d"] {
        tell!(l, format!("fs-mkdir {path:?}"), fs::fs_mkdir(path));
    }
    tell!(l, "fs-mkdir again", fs::fs_mkdir("cwd://out"));
    tell!(l, "fs-mkdir-all", fs::fs_mkdir_all("cwd://out/a/b"));
    for path in ["cwd://out/f", "cwd://out/no/f", "cwd://out/a", "cwd://outside", "cwd://out/../x", "home://in/f", "home://f", "/tmp/f", "cwd://out", "cwd://"] {
        tell!(l, format!("write-file {path:?}"), fs::write_file(path, b"content"));
        tell!(l, format!("read-file {path:?}"), fs::read_file(path).map(|b| b.len()));
    }
    l.push(("fs-stat file".into(), kind(fs::fs_stat("cwd://out/f"))));
    l.push(("fs-stat folder".into(), kind(fs::fs_stat("cwd://out/a"))));
    tell!(l, "write-file over", fs::write_file("cwd://out/f", b"ab"));
    tell!(l, "read-file over", fs::read_file("cwd://out/f"));
    tell!(l, "write-file below a file", fs::write_file("cwd://out/f/g", b"x"));
    tell!(l, "fs-mkdir below a file", fs::fs_mkdir("cwd://out/f/g"));
    tell!(l, "fs-mkdir at a file", fs::fs_mkdir("cwd://out/f"));
    tell!(l, "write-file too large", fs::write_file("cwd://out/big", &vec![0; (10 << 20) + 1]));
    tell!(l, "fs-readdir", fs::fs_readdir("cwd://out").map(sorted));
    tell!(l, "fs-readdir file", fs::fs_readdir("cwd://out/f").map(sorted));
    tell!(l, "fs-readdir absent", fs::fs_readdir("cwd://out/none").map(sorted));
    tell!(l, "fs-readdir home", fs::fs_readdir("home://in").map(sorted));
    tell!(l, "fs-unlink folder", fs::fs_unlink("cwd://out/a"));
    tell!(l, "fs-unlink empty folder", fs::fs_unlink("cwd://out/a/b"));
    tell!(l, "fs-unlink file", fs::fs_unlink("cwd://out/f"));
    tell!(l, "fs-unlink again", fs::fs_unlink("cwd://out/f"));
    tell!(l, "fs-unlink elsewhere", fs::fs_unlink("cwd://other"));
    tell!(l, "fs-open", fs::fs_open("cwd://out/f", fs::OpenMode::Read).map(|_| "open"));
    l.push(("fs-stat-symlink".into(), kind(fs::fs_stat_symlink("cwd://out"))));
    tell!(l, "fs-append", fs::fs_append("cwd://out/f", b"x"));
    tell!(l, "fs-copy", fs::fs_copy("cwd://out/f", "cwd://out/g"));
    tell!(l, "fs-rename", fs::fs_rename("cwd://out/f", "cwd://out/g"));
    tell!(l, "fs-remove-dir-all", fs::fs_remove_dir_all("cwd://out"));
    tell!(l, "fs-canonicalize", fs::fs_canonicalize("cwd://out"));
    tell!(l, "fs-read-link", fs::fs_read_link("cwd://out"));
    tell!(l, "fs-hard-link", fs::fs_hard_link("cwd://out/f", "cwd://out/g"));
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

fn request(url: &str) -> http::HttpRequestData {
    http::HttpRequestData { url: url.into(), method: http::HttpMethod::Get, headers: vec![], body: None }
}

fn net_lines(l: &mut Lines) {
    for url in ["https://denied.invalid/", "no url", "ftp://example.com/", "https:///path", "http://127.0.0.1:9/", ""] {
        tell!(l, format!("http-request {url:?}"), http::http_request(&request(url)).map(|r| r.status));
    }
    tell!(l, "http-stream-start", http::http_stream_start(&request("https://denied.invalid/")).map(|_| "started"));
    for (host, port) in [("denied.invalid", 80), ("", 80), ("127.0.0.1", 10), ("nobody.invalid", 80), ("127.0.0.1", 9)] {
        tell!(l, format!("connect-tcp {host:?} {port}"), net::connect_tcp(host, port).map(|_| "connected"));
    }
    tell!(l, "lookup-host denied", net::lookup_host("denied.invalid"));
    tell!(l, "lookup-host nobody", net::lookup_host("nobody.invalid"));
    tell!(l, "bind-tcp", net::bind_tcp("127.0.0.1", 0).map(|_| "bound"));
    tell!(l, "bind-unix", net::bind_unix().map(|_| "bound"));
    tell!(l, "udp-bind", net::udp_bind("127.0.0.1", 0).map(|_| "bound"));
}

fn spawn(cmd: &str) -> process::SpawnRequest {
    process::SpawnRequest {
        cmd: cmd.into(), args: vec![], stdin: None, env: vec![], cwd: None, limits: None, file_injections: vec![], label: None,
        keep_stdin_open: None, overflow: None, log_ring_bytes: None, max_lifetime_ms: None, idle_timeout_ms: None, exit_retention_ms: None,
    }
}

fn process_lines(l: &mut Lines) {
    tell!(l, "spawn denied", process::spawn(&spawn("false")).map(|r| r.stdout));
    tell!(l, "spawn-background denied", process::spawn_background(&spawn("false")).map(|_| "running"));
    tell!(l, "spawn-persistent denied", process::spawn_persistent(&spawn("false")));
    tell!(l, "attach", process::attach("x").map(|_| "attached"));
    tell!(l, "list-processes", process::list_processes(None).map(|p| p.len()));
    tell!(l, "status", process::status("x").map(|_| "status"));
    tell!(l, "status-many", process::status_many(&["x".to_string()]).map(|p| p.len()));
    tell!(l, "read-logs", process::read_logs("x").map(|_| "logs"));
    tell!(l, "write-stdin", process::write_stdin("x", b"a"));
    tell!(l, "close-stdin", process::close_stdin("x"));
    tell!(l, "signal", process::signal("x", process::ProcessSignal::Term));
    tell!(l, "wait", process::wait("x", 1).map(|_| "waited"));
    tell!(l, "stop", process::stop("x", None).map(|_| "stopped"));
    tell!(l, "release-process", process::release_process("x"));
    tell!(l, "watch", process::watch("x", None));
    tell!(l, "unwatch", process::unwatch("x"));
}

fn people_lines(l: &mut Lines) {
    let request = |action: String| approval::ApprovalRequest { action, target_resource: "git push".into() };
    tell!(l, "request-approval", approval::request_approval(&request("git push".into())).map(|r| r.decision));
    tell!(l, "request-approval empty", approval::request_approval(&request(String::new())).map(|r| r.decision));
    tell!(l, "request-approval long", approval::request_approval(&request("a".repeat(257))).map(|r| r.decision));
    let ask = |kind, options: Option<Vec<String>>, default: Option<&str>| elicit::ElicitRequest {
        kind, key: "KEY".into(), description: "d".into(), options, default_value: default.map(String::from),
    };
    tell!(l, "elicit secret with default", elicit::elicit(&ask(elicit::ElicitType::Secret, None, Some("x"))));
    tell!(l, "elicit array with default", elicit::elicit(&ask(elicit::ElicitType::Array, None, Some("x"))));
    tell!(l, "elicit select of nothing", elicit::elicit(&ask(elicit::ElicitType::Select, None, None)));
    tell!(l, "elicit select of none", elicit::elicit(&ask(elicit::ElicitType::Select, Some(vec![]), None)));
    tell!(l, "elicit select of another", elicit::elicit(&ask(elicit::ElicitType::Select, Some(vec!["a".into()]), Some("b"))));
    tell!(l, "has-secret", elicit::has_secret("KEY"));
    let resolve = identity::IdentityResolveRequest { platform: "p".into(), platform_user_id: "u".into() };
    tell!(l, "identity-resolve", identity::identity_resolve(&resolve).map(|_| "resolved"));
    let link = |user: &str| identity::IdentityLinkRequest {
        platform: "p".into(), platform_user_id: "u".into(), astrid_user_id: user.into(), method: "m".into(),
    };
    tell!(l, "identity-link no uuid", identity::identity_link(&link("x")));
    tell!(l, "identity-link nobody", identity::identity_link(&link("00000000-0000-4000-8000-0000000000ff")));
    let unlink = identity::IdentityUnlinkRequest { platform: "p".into(), platform_user_id: "u".into() };
    tell!(l, "identity-unlink", identity::identity_unlink(&unlink));
    let create = identity::IdentityCreateUserRequest { display_name: None };
    tell!(l, "identity-create-user", identity::identity_create_user(&create).map(|_| "created"));
    tell!(l, "identity-list-links no uuid", identity::identity_list_links("x").map(|list| list.len()));
    tell!(l, "identity-list-links", identity::identity_list_links("00000000-0000-4000-8000-0000000000ff").map(|list| list.len()));
    tell!(l, "uplink-register", uplink::uplink_register("n", "p", uplink::UplinkProfile::Chat));
    tell!(l, "uplink-send", uplink::uplink_send("x", "u", "c"));
}

fn lines() -> Lines {
    let mut l = Vec::new();
    sys_lines(&mut l);
    kv_lines(&mut l);
    ipc_lines(&mut l);
    fs_lines(&mut l);
    net_lines(&mut l);
    process_lines(&mut l);
    people_lines(&mut l);
    l
}

impl Guest for Conformance {
    fn astrid_hook_trigger(action: String, _payload: Vec<u8>) -> CapsuleResult {
        if action != "tool_describe" {
            return CapsuleResult { action: "deny".into(), data: None };
        }
        let tools: Vec<_> = lines()
            .iter()
            .enumerate()
            .map(|(i, (name, got))| {
                serde_json::json!({"name": format!("line{i:04}"), "description": format!("{name} = {got}"), "input_schema": {"type": "object"}})
            })
            .collect();
        let data = serde_json::json!({"tools": tools, "description": ""}).to_string();
        CapsuleResult { action: "continue".into(), data: Some(data) }
    }

    fn run() {}
    fn astrid_install() {}
    fn astrid_upgrade() {}
}

astrid_sys::export!(Conformance with_types_in astrid_sys);
