//! A server with cameras, asked as its administrator.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::http::{Ask, Line, log_in};
use crate::rig::Rig;

/// Of everybody in a pack of simulated stations.
const PASSWORD: &str = "simulated-load";
/// Pictures a second that are asked for.
pub const FPS: f64 = 5.0;

/// A running server, and a session of its administrator.
pub struct Site {
    pub rig: Rig,
    admin: Person,
}

/// Somebody who is logged in.
pub struct Person {
    at: SocketAddr,
    token: String,
}

impl Person {
    fn at(at: SocketAddr, login: &str) -> anyhow::Result<Self> {
        Ok(Self { at, token: log_in(at, login, PASSWORD, "127.0.0.1")? })
    }

    /// Asks; what is answered.
    pub fn bytes(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Vec<u8>> {
        let cookie = format!("shanshui_session={}", self.token);
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
        let body = body.map(Value::to_string);
        let ask = Ask { method, path, headers: &headers, body: body.as_deref().map(str::as_bytes) };
        let answer = Line::to(self.at)?.ask(&ask)?;
        let said = || String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status < 300, "{method} {path}: {} {}", answer.status, said());
        Ok(answer.body)
    }

    /// The same, as JSON.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.bytes(method, path, body)?).with_context(|| format!("{method} {path}"))
    }
}

impl Site {
    /// Starts a server of so many simulated stations; `config` are lines of its configuration.
    pub fn open(name: &str, stations: usize, values: usize, config: &str) -> anyhow::Result<Self> {
        let mut rig = Rig::new(name, stations, values)?;
        rig.config_more =
            format!("auth.second_factor = \"nobody\"\noutbound.allow = [\"127.0.0.0/8\"]\n[eye]\n{config}");
        rig.start()?;
        rig.wait()?;
        let admin = Person::at(rig.http, "admin")?;
        Ok(Self { rig, admin })
    }

    /// Logs in as somebody else.
    pub fn person(&self, login: &str) -> anyhow::Result<Person> {
        Person::at(self.rig.http, login)
    }

    /// Asks as the administrator.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        self.admin.ask(method, path, body)
    }

    /// Code of a simulated station.
    pub fn station(number: u32) -> String {
        format!("sim{number:06}")
    }

    /// Registers a camera at a station of its own, with a fence if there is one; gives its id.
    pub fn camera(&self, number: u32, kind: &str, address: &str, fence: Option<&Value>) -> anyhow::Result<String> {
        let camera = json!({"code": format!("c{number:04}"), "station": Self::station(number), "name_zh": "摄像机",
            "name_en": "camera", "kind": kind, "address": address, "fps": FPS});
        let made = self.ask("POST", "/api/v1/sense/eye/cameras", Some(&camera))?;
        let id = made["id"].as_str().context("an id")?.to_owned();
        if let Some(polygon) = fence {
            let fence = json!({"id": "head", "name": "采样口", "kind": "sampling_head", "polygon": polygon});
            let plan = json!({"base_version": 0, "plan": {"fences": [fence]}, "note": ""});
            self.ask("PUT", &format!("/api/v1/sense/eye/cameras/{id}/fences"), Some(&plan))?;
        }
        Ok(id)
    }
}
