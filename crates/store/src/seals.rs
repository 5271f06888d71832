//! What is sealed before it is kept (密封): passwords and keys of devices, the shared secrets of second factors, addresses of cameras and
//! loudspeakers, names of visitors. The store knows
//! which texts those are; who seals them, with a key that is not in the database, says whoever opens it ([`Store::sealed_by`]).

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use shanshui_domain::id::{Mn, PersonId};
use shanshui_domain::place::{Device, Secret};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;

use crate::audit::{Change, note};
use crate::eye::{camera_purpose, visit_purpose, voice_purpose};
use crate::sql::Row;
use crate::{Store, StoreError, args};

/// Seals and opens texts. `purpose` names what a text is for: one that was sealed for something else does not open.
pub trait Seals: Debug + Send + Sync {
    /// Seals a secret.
    ///
    /// # Errors
    /// When there is no key.
    fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String, String>;

    /// Opens a kept text; one that was kept before there were keys is the secret itself.
    ///
    /// # Errors
    /// Why it does not open.
    fn unseal(&self, purpose: &str, kept: &str) -> Result<Vec<u8>, String>;

    /// Name of the key that a kept text is sealed with; none when it is not sealed.
    fn key_of(&self, kept: &str) -> Option<String>;

    /// Name of the key that seals now; none when nothing is sealed.
    fn key(&self) -> Option<String>;
}

/// Keeps secrets as they are: for stores that lie open anyway, as those of tests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open;

impl Seals for Open {
    fn seal(&self, _purpose: &str, secret: &[u8]) -> Result<String, String> {
        String::from_utf8(secret.to_vec()).map_err(|_| "a secret that is no text is not kept open".to_owned())
    }

    fn unseal(&self, _purpose: &str, kept: &str) -> Result<Vec<u8>, String> {
        Ok(kept.into())
    }

    fn key_of(&self, _kept: &str) -> Option<String> {
        None
    }

    fn key(&self) -> Option<String> {
        None
    }
}

/// Opens nothing: every secret is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shut;

impl Seals for Shut {
    fn seal(&self, purpose: &str, _secret: &[u8]) -> Result<String, String> {
        Err(format!("{purpose}: there is no key"))
    }

    fn unseal(&self, _purpose: &str, _kept: &str) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    fn key_of(&self, _kept: &str) -> Option<String> {
        None
    }

    fn key(&self) -> Option<String> {
        None
    }
}

/// What a second factor is sealed for.
pub fn factor_purpose(person: PersonId) -> String {
    format!("totp:{person}")
}

fn password_purpose(mn: &str) -> String {
    format!("device password:{mn}")
}

fn key_purpose(mn: &str) -> String {
    format!("device key:{mn}")
}

/// Password and key of a device as they are kept.
pub(crate) struct KeptSecrets {
    pub(crate) password: String,
    pub(crate) key: Option<String>,
}

impl KeptSecrets {
    pub(crate) fn of(seals: &dyn Seals, device: &Device) -> Result<Self, StoreError> {
        let (mn, sealed) = (device.mn.as_str(), |said: Result<String, String>| said.map_err(StoreError::Sealed));
        Ok(Self {
            password: sealed(seals.seal(&password_purpose(mn), device.password.expose().as_bytes()))?,
            key: device
                .key
                .as_ref()
                .map(|key| sealed(seals.seal(&key_purpose(mn), key.expose().as_bytes())))
                .transpose()?,
        })
    }

    pub(crate) fn open(&self, seals: &dyn Seals, mn: &Mn) -> Result<(Secret, Option<Secret>), StoreError> {
        let open = |purpose: String, kept: &str| {
            let bytes = seals.unseal(&purpose, kept).map_err(StoreError::Sealed)?;
            let text = String::from_utf8(bytes).map_err(|_| StoreError::Corrupt(format!("{purpose}: is no text")))?;
            Ok::<_, StoreError>(Secret::new(text))
        };
        let key = self.key.as_deref().map(|key| open(key_purpose(mn.as_str()), key)).transpose()?;
        Ok((open(password_purpose(mn.as_str()), &self.password)?, key))
    }
}

/// A kept secret.
struct Kept {
    table: Table,
    /// Key of its row.
    row: String,
    purpose: String,
    text: String,
}

#[derive(Clone, Copy)]
enum Table {
    DevicePassword,
    DeviceKey,
    SecondFactor,
    Camera,
    Visit,
    Voice,
}

impl Table {
    /// Sets `$2` where the text is still `$3`.
    fn update(self) -> &'static str {
        match self {
            Self::DevicePassword => "UPDATE device SET password=$2 WHERE mn=$1 AND password=$3",
            Self::DeviceKey => "UPDATE device SET cipher_key=$2 WHERE mn=$1 AND cipher_key=$3",
            Self::SecondFactor => "UPDATE second_factor SET sealed=$2 WHERE person=$1 AND sealed=$3",
            Self::Camera => "UPDATE camera SET secret=$2 WHERE id=$1 AND secret=$3",
            Self::Visit => "UPDATE visit SET secret=$2 WHERE id=$1 AND secret=$3",
            Self::Voice => "UPDATE voice SET secret=$2 WHERE station=$1 AND secret=$3",
        }
    }
}

const DEVICES: &str = "SELECT mn, password, cipher_key FROM device ORDER BY mn";
const FACTORS: &str = "SELECT person, sealed FROM second_factor ORDER BY person";
const CAMERAS: &str = "SELECT id, secret FROM camera ORDER BY id, version";
const VISITS: &str = "SELECT id, secret FROM visit ORDER BY id";
const VOICES: &str = "SELECT station, secret FROM voice ORDER BY station, version";

/// Every statement that finds sealed texts, in the order of [`Rows`].
const SEALED: [&str; 5] = [DEVICES, FACTORS, CAMERAS, VISITS, VOICES];

/// What they found.
type Rows = Vec<Vec<Row>>;

fn kept(rows: &[Vec<Row>]) -> Result<Vec<Kept>, StoreError> {
    let [devices, factors, cameras, visits, voices] = rows else {
        return Err(StoreError::Corrupt("sealed texts".into()));
    };
    let mut all = Vec::new();
    for r in devices {
        let mn = r.text(0)?;
        let secret = |table, purpose, text| Kept { table, row: mn.clone(), purpose, text };
        all.push(secret(Table::DevicePassword, password_purpose(&mn), r.text(1)?));
        all.extend(r.text_opt(2)?.map(|key| secret(Table::DeviceKey, key_purpose(&mn), key)));
    }
    for r in factors {
        let (row, text) = (r.text(0)?, r.text(1)?);
        let id = row.parse().map_err(|_| StoreError::Corrupt(format!("second factor of {row:?}")))?;
        all.push(Kept { table: Table::SecondFactor, purpose: factor_purpose(PersonId(id)), row, text });
    }
    for (rows, table) in [(cameras, Table::Camera), (visits, Table::Visit), (voices, Table::Voice)] {
        for r in rows {
            let row = r.text(0)?;
            let purpose = match table {
                Table::Camera => camera_purpose(&row),
                Table::Visit => visit_purpose(&row),
                _ => voice_purpose(&row),
            };
            all.push(Kept { table, purpose, row, text: r.text(1)? });
        }
    }
    Ok(all)
}

/// What is sealed with which key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedState {
    /// Secrets by the name of their key; the empty name for those that are not sealed.
    pub by_key: BTreeMap<String, u64>,
    /// Secrets that do not open, with the reason.
    pub shut: Vec<String>,
}

impl Store {
    /// The same store, whose secrets are sealed.
    #[must_use]
    pub fn sealed_by(self, seals: Arc<dyn Seals>) -> Self {
        Self { seals, ..self }
    }

    /// Tries to open every secret, and counts them by their keys.
    pub async fn sealed_state(&self) -> Result<SealedState, StoreError> {
        let mut rows = Rows::new();
        for text in SEALED {
            rows.push(self.read(text, args![]).await?);
        }
        let mut state = SealedState::default();
        for secret in kept(&rows)? {
            *state.by_key.entry(self.seals.key_of(&secret.text).unwrap_or_default()).or_default() += 1;
            state.shut.extend(self.seals.unseal(&secret.purpose, &secret.text).err());
        }
        Ok(state)
    }

    /// Seals anew whatever is not sealed with the key of now, or only what is not sealed at all: in one commit, noted in the audit.
    /// Gives how many.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one of them does not open; then all stay as they are.
    pub async fn reseal(&self, caller: &Caller, at: Instant, only_open: bool) -> Result<usize, StoreError> {
        let (seals, caller) = (Arc::clone(&self.seals), caller.clone());
        self.write(move |tx| {
            let now = seals.key();
            let rows = SEALED.into_iter().map(|text| tx.query(text, args![])).collect::<Result<Rows, _>>()?;
            let mut done = 0;
            for secret in kept(&rows)? {
                let key = seals.key_of(&secret.text);
                if key == now || (only_open && key.is_some()) {
                    continue;
                }
                let open = seals.unseal(&secret.purpose, &secret.text).map_err(StoreError::Sealed)?;
                let text = seals.seal(&secret.purpose, &open).map_err(StoreError::Sealed)?;
                done += tx.execute(secret.table.update(), args![secret.row, text, secret.text])?;
            }
            if done > 0 {
                let after = serde_json::json!({"secrets": done, "key": now});
                note(tx, &caller, at, "secrets_reseal", "vault", Change { before: None, after: Some(after) })?;
            }
            Ok(done)
        })
        .await
    }

    /// Gives up whatever does not open because its key is lost: a second factor is gone, and its person can set up another; a device
    /// has a password that nobody knows, until it is registered anew by a city pack; a camera or loudspeaker has no address until somebody
    /// gives it one, and a visitor no name. Noted in the audit. Gives what was given up.
    pub async fn give_up_sealed(&self, caller: &Caller, at: Instant) -> Result<Vec<String>, StoreError> {
        let (seals, caller) = (Arc::clone(&self.seals), caller.clone());
        self.write(move |tx| {
            let rows = SEALED.into_iter().map(|text| tx.query(text, args![])).collect::<Result<Rows, _>>()?;
            let mut gone = Vec::new();
            for secret in kept(&rows)? {
                if seals.unseal(&secret.purpose, &secret.text).is_ok() {
                    continue;
                }
                match secret.table {
                    Table::SecondFactor => {
                        tx.execute("DELETE FROM second_factor WHERE person=$1", args![&secret.row])?;
                    }
                    Table::Camera | Table::Visit | Table::Voice => {
                        let text = seals.seal(&secret.purpose, b"").map_err(StoreError::Sealed)?;
                        tx.execute(secret.table.update(), args![&secret.row, text, secret.text])?;
                    }
                    Table::DevicePassword | Table::DeviceKey => {
                        let unknown = uuid::Uuid::new_v4().simple().to_string();
                        let text = seals.seal(&secret.purpose, unknown.as_bytes()).map_err(StoreError::Sealed)?;
                        tx.execute(secret.table.update(), args![&secret.row, text, secret.text])?;
                    }
                }
                note(tx, &caller, at, "secret_give_up", &secret.purpose, Change::default())?;
                gone.push(secret.purpose);
            }
            Ok(gone)
        })
        .await
    }
}
