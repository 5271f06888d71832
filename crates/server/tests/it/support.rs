//! A whole program on free ports over a fresh store, devices that speak to it, and people that ask it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use shanshui_domain::id::Mn;
use shanshui_domain::place::{CityPack, Device};
use shanshui_server::city;
use shanshui_server::clock::Clock;
use shanshui_server::cmd::serve::{Running, people_put};
use shanshui_server::config::{Config, SecondFactor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct City {
    pub running: Running,
    pub config: Config,
    _folder: tempfile::TempDir,
    pack: CityPack,
}

impl City {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::at(Clock::system(), change).await
    }

    /// With a clock of the test's own.
    pub(crate) async fn at(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        Self::over(city::demo().expect("the city loads"), clock, change).await
    }

    /// Another city, with the people of the demonstration city.
    pub(crate) async fn over(pack: CityPack, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config { data: folder.path().join("data"), ..Config::default() };
        config.http.listen = ([127, 0, 0, 1], 0).into();
        config.auth.second_factor = SecondFactor::Nobody;
        // a test asks faster than people do; whoever tries the limits sets them
        (config.http.address_requests_per_s, config.http.account_requests_per_s) = (0, 0);
        config.hj212.listen = ([127, 0, 0, 1], 0).into();
        config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
        change(&mut config);
        let running = Box::pin(run(&config, pack.clone(), clock)).await;
        Self { running, config, _folder: folder, pack }
    }

    /// Ends the program and starts it again over the same store.
    pub(crate) async fn restart(self) -> Self {
        let clock = self.running.app.clock.clone();
        self.running.stop().await;
        let running = Box::pin(run(&self.config, self.pack.clone(), clock)).await;
        Self { running, ..self }
    }

    pub(crate) fn device(&self, station: &str) -> Device {
        let city = self.running.app.city();
        let found = city.devices.iter().find(|d| d.station.as_str() == station);
        found.expect("a station of the demonstration city").clone()
    }

    pub(crate) async fn line(&self, station: &str) -> Line {
        Line::open(self, self.device(station)).await
    }

    pub(crate) async fn person(&self, login: &str) -> Person {
        Person::login(&self.running.http.to_string(), login).await
    }

    /// Somebody whom the pack does not know.
    pub(crate) async fn somebody(&self, login: &str, password: &str) -> Person {
        Person::with_password(&self.running.http.to_string(), login, password).await
    }

    pub(crate) fn nobody(&self) -> Person {
        Person { base: format!("http://{}", self.running.http), http: client(), password: String::new() }
    }

    pub(crate) fn points(&self, station: &str) -> Vec<(String, i64)> {
        let points = self.running.app.points_of(&station.into());
        points.iter().map(|p| (p.point.factor.to_string(), p.id.0)).collect()
    }
}

async fn run(config: &Config, pack: CityPack, clock: Clock) -> Running {
    let running = Running::start(config.clone(), pack, clock, false).await;
    let running = running.expect("the program starts");
    people_put(&running.app.store, &running.app.city(), running.app.clock.now()).await.expect("people are kept");
    running.app.people_reload().await.expect("people are read");
    running
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().cookie_store(true).timeout(PATIENCE).build().expect("a client")
}

/// Asks again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = tokio::time::Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// A device's connection.
pub(crate) struct Line {
    stream: TcpStream,
    pub device: Device,
}

impl Line {
    pub(crate) async fn open(city: &City, device: Device) -> Self {
        Self::to(&city.running.hj212.expect("it takes data in").to_string(), device).await
    }

    pub(crate) async fn to(address: &str, device: Device) -> Self {
        let stream = TcpStream::connect(address).await.expect("the port is open");
        Self { stream, device }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Sends a frame and takes what comes back.
    pub(crate) async fn send_and_hear(&mut self, frame: &[u8]) -> String {
        self.send(frame).await;
        self.next().await.expect("an answer")
    }

    /// The next frame from the centre; none when the connection ends.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let mut head = [0u8; 6];
        let read = tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut head)).await.expect("the centre speaks");
        read.ok()?;
        let length: usize = std::str::from_utf8(&head[2..]).expect("digits").parse().expect("a length");
        let mut rest = vec![0u8; length + 6];
        self.stream.read_exact(&mut rest).await.expect("a whole frame");
        Some(String::from_utf8(rest[..length].to_vec()).expect("text"))
    }

    /// Sends an upload and takes its acknowledgement.
    pub(crate) async fn upload(&mut self, cn: &str, area: &str) -> String {
        let frame = self.frame(cn, &now_qn(), area);
        self.send(&frame).await;
        self.next().await.expect("an answer")
    }

    /// The frame of an upload that wants an answer.
    pub(crate) fn frame(&self, cn: &str, qn: &str, area: &str) -> Vec<u8> {
        let edition = hj212::Edition::parse(&self.device.edition).expect("an edition");
        let d = &self.device;
        let message = hj212::encode::request(qn, &d.st, cn, (d.password.expose(), d.mn.as_str()), edition, area);
        let key = d.key.as_ref().and_then(|k| hj212::Sm4Key::from_hex(k.expose()));
        message.frame(key.as_ref()).expect("a frame")
    }
}

pub(crate) fn now_qn() -> String {
    format!("{}001", civil(0))
}

/// Local time so many seconds from now.
pub(crate) fn civil(seconds: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("bundled");
    zone.to_datetime(at).strftime("%Y%m%d%H%M%S").to_string()
}

/// Real-time water values of one moment.
pub(crate) fn water(stamp: &str, ph: &str) -> String {
    format!(
        "DataTime={stamp};w01001-Rtd={ph},w01001-Flag=N;w01009-Rtd=8.21,w01009-Flag=N;w01019-Rtd=1.8,w01019-Flag=N;\
         w21003-Rtd=0.09,w21003-Flag=N;w21011-Rtd=0.015,w21011-Flag=N"
    )
}

pub(crate) struct Person {
    base: String,
    http: reqwest::Client,
    password: String,
}

impl Person {
    /// A person of the demonstration city.
    pub(crate) async fn login(address: &str, login: &str) -> Self {
        let city = city::demo().expect("the city loads");
        let person = city.people.iter().find(|p| p.login == login).expect("a login of the city");
        Self::with_password(address, login, person.password.expose()).await
    }

    pub(crate) async fn with_password(address: &str, login: &str, password: &str) -> Self {
        let (base, password) = (format!("http://{address}"), password.into());
        let person = Self { base, http: client(), password };
        let (status, _) =
            person.post("/api/v1/system/login", json!({"login": login, "password": person.password})).await;
        assert_eq!(status, StatusCode::OK, "{login} logs in");
        person
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
    }

    /// The body as it came.
    pub(crate) async fn text(&self, path: &str) -> (StatusCode, String) {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        let status = answer.status();
        (status, answer.text().await.expect("a body"))
    }

    pub(crate) async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.base)).header("x-shanshui", "1").json(&body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.put(format!("{}{path}", self.base)).header("x-shanshui", "1").json(&body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
    }

    pub(crate) async fn put_file(&self, path: &str, kind: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.base)).header("x-shanshui", "1");
        let answer = request.header("content-type", kind).body(bytes).send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
    }

    pub(crate) async fn raw(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> reqwest::Response {
        request(&self.http, &self.base).send().await.expect("an answer")
    }
}

/// A device nobody has registered.
pub(crate) fn stranger() -> Device {
    let mut device = city::demo().expect("the city loads").devices[0].clone();
    device.mn = Mn("FFFFFFFFFFFFFFFFFFFFFFFF".into());
    device
}
