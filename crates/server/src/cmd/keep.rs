//! `shanshui backup`, `restore`, `migrate`, `user`: looking after what is kept.

use std::io::{BufRead, IsTerminal, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use shanshui_domain::id::{OrganisationCode, PersonId, PostId};
use shanshui_domain::right::{Caller, Role};
use shanshui_store::transfer::beside_copy;
use shanshui_store::{AuditEntry, PersonRow, PostRow, Salvaged, Store, StoreError};

use crate::app::open_store;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::hash;
use crate::http::password;
use crate::notes;

/// What to do with people.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a person, or give one a new name and password. The password is read from standard input.
    Put {
        /// Login name.
        login: String,
        /// Chinese name.
        #[arg(long)]
        name_zh: String,
        /// English name.
        #[arg(long)]
        name_en: String,
    },
    /// Give a person a post. This is how an installation gets its first security administrator.
    Post {
        /// Login name.
        login: String,
        /// A role of `rights/roles.csv`, for example duty_officer.
        #[arg(long)]
        role: String,
        /// Code of the organisation.
        #[arg(long)]
        organisation: String,
        /// Number of the certificate, where the role needs one.
        #[arg(long)]
        certificate: Option<String>,
    },
    /// End a post.
    EndPost {
        /// Its id, as `shanshui user list` shows it.
        id: String,
    },
    /// Take away a second factor that was lost; its person sets up another.
    ResetFactor {
        /// Login name.
        login: String,
    },
    /// Forbid a person to log in.
    Disable {
        /// Login name.
        login: String,
    },
    /// List people with their posts.
    List,
}

pub(super) fn with_store<T>(config: &Config, work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>) -> anyhow::Result<T> {
    super::runtime()?.block_on(async {
        let store = open_store(config).await?;
        let done = work(&store).await;
        store.close().await;
        done
    })
}

/// A store that is read is there; a server says so itself.
pub(super) fn existing(config: &Config) -> anyhow::Result<()> {
    let path = config.database();
    if config.database.address().is_some() {
        return Ok(());
    }
    if !path.exists() {
        bail!("{}: there is no database", path.display());
    }
    Ok(())
}

/// The data folder is there afterwards.
pub(super) fn make_folder(config: &Config) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data).with_context(|| format!("data folder {}", config.data.display()))
}

/// `shanshui backup TO`: a whole copy, also while the program runs. Of a server it is an archive; of a file another file, with the
/// history in a folder beside it.
pub(super) fn backup(path: Option<&Path>, to: &Path, without_history: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    existing(&config)?;
    if config.database.address().is_some() {
        return super::transfer::export(path, to, without_history);
    }
    if without_history {
        super::runtime()?.block_on(Store::backup_file(&config.database(), to))?;
        eprintln!("{}", to.display());
        super::transfer::tell_of_history(&config);
        return Ok(super::transfer::of_whole(&config));
    }
    let (bar, teller) = super::transfer::bar();
    let bytes = super::runtime()?.block_on(async {
        match super::transfer::history_of(&config).await? {
            None => Ok(Store::backup_file(&config.database(), to).await.map(|()| 0)?),
            Some(history) => {
                Ok::<_, anyhow::Error>(Store::backup_with(&config.database(), to, &history, teller).await?)
            }
        }
    });
    bar.finish_and_clear();
    if bytes? > 0 {
        eprintln!("{}", beside_copy(to).display());
    }
    eprintln!("{}", to.display());
    Ok(super::transfer::of_whole(&config))
}

/// `shanshui restore FROM`: checks a copy and puts it where the database belongs; never over one that is there. An archive goes
/// into any store.
pub(super) fn restore(path: Option<&Path>, from: &Path, without_history: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    if from.is_dir() {
        return super::transfer::import(path, from, without_history);
    }
    if config.database.address().is_some() {
        bail!("{}: is a copy of a file; into PostgreSQL goes an archive (`shanshui export`)", from.display());
    }
    make_folder(&config)?;
    let (bar, teller) = super::transfer::bar();
    let place = super::transfer::place_of(&config, without_history);
    let done = super::runtime()?.block_on(async {
        let done = Store::restore_with(from, &config.database(), place.as_ref(), teller).await;
        done.map_err(|error| super::transfer::say_how_to_go_on(error.into(), without_history))
            .with_context(|| from.display().to_string())?;
        super::transfer::tell_what_is_missing(&config).await
    });
    bar.finish_and_clear();
    done?;
    eprintln!("{}", config.database().display());
    Ok(ExitCode::SUCCESS)
}

/// `shanshui salvage FROM TO`: what can be read of a damaged file. The new one's audit says that it was made so, and with what gaps.
pub(super) fn salvage(from: &Path, to: &Path) -> anyhow::Result<ExitCode> {
    let mut notes = to.as_os_str().to_owned();
    notes.push(".notes.jsonl");
    let notes = Path::new(&notes);
    let (bar, teller) = super::transfer::bar();
    let runtime = super::runtime()?;
    let told = |tables: &[Salvaged]| {
        let gaps: Vec<_> = tables.iter().filter(|table| !table.whole()).collect();
        let detail = serde_json::json!({"from": from.display().to_string(), "rows": rows(tables), "gaps": gaps});
        Some(AuditEntry::of_nobody("", Clock::system().now(), "salvaged", "database", detail))
    };
    let done = runtime.block_on(Store::salvage(from, to, notes, told, teller));
    bar.finish_and_clear();
    let (tables, audited) = done.with_context(|| from.display().to_string())?;
    let mut out = std::io::stdout().lock();
    for table in &tables {
        writeln!(out, "{}", serde_json::to_string(table)?)?;
    }
    let gaps: Vec<_> = tables.iter().filter(|table| !table.whole()).collect();
    eprintln!("{}: {} rows of {} tables; {}", to.display(), rows(&tables), tables.len(), notes.display());
    if !audited {
        eprintln!(
            "审计链已断开，这次抢救未能记入审计 / the audit is broken and does not say that this file was salvaged"
        );
    }
    if gaps.is_empty() && audited {
        return Ok(ExitCode::SUCCESS);
    }
    if gaps.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    eprintln!(
        "并非全部数据都已恢复，请与备份核对 / not everything could be read, or some of it is disputed; compare with a backup: {}",
        gaps.iter().map(|table| table.table.as_str()).collect::<Vec<_>>().join(", ")
    );
    Ok(ExitCode::FAILURE)
}

fn rows(tables: &[Salvaged]) -> u64 {
    tables.iter().map(|table| table.rows).sum()
}

/// `shanshui migrate`: brings the schema up and says so.
pub(super) fn migrate(config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    with_store(&config, async |_| Ok(()))?;
    eprintln!("{}: the schema is current", config.store_shown());
    Ok(ExitCode::SUCCESS)
}

/// `shanshui user`.
pub(super) fn user(config: Option<&Path>, what: &User) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    with_store(&config, async |store| match what {
        User::List => list(store).await,
        User::Disable { login } => {
            let person = known(store, login).await?;
            let id = person.id;
            let row = PersonRow { disabled: true, ..person };
            store.person_put(&Caller::machine(), row, Clock::system().now()).await?;
            changed(store, id).await
        }
        User::Put { login, name_zh, name_en } => {
            let password = password()?;
            let names = [login.as_str(), name_zh.as_str(), name_en.as_str()];
            password::good(&password, &names, &config.auth).map_err(|why| anyhow::anyhow!("password: {}", why.en))?;
            let known = store.person_by_login(login).await?;
            let person = PersonRow {
                id: known.map_or_else(|| PersonId(uuid::Uuid::now_v7()), |p| p.id),
                login: login.clone(),
                name_zh: name_zh.clone(),
                name_en: name_en.clone(),
                password_hash: hash::hash_password(&password)?,
                disabled: false,
                must_change: true,
            };
            let id = person.id;
            store.person_put(&Caller::machine(), person, Clock::system().now()).await?;
            changed(store, id).await
        }
        User::Post { login, role, organisation, certificate } => {
            let role = Role::parse(role).with_context(|| format!("--role: no such role {role:?}"))?;
            if role.needs_certificate() != certificate.is_some() {
                bail!(
                    "--certificate: {} {}",
                    role.as_str(),
                    if role.needs_certificate() { "needs one" } else { "has none" }
                );
            }
            let (person, now) = (known(store, login).await?, Clock::system().now());
            let post = PostRow {
                id: PostId(uuid::Uuid::now_v7()),
                person: person.id,
                organisation: OrganisationCode(organisation.clone()),
                role,
                certificate: certificate.clone(),
                since: now,
                until: None,
                given_by: None,
                given_at: now,
                ended_at: None,
            };
            store.post_give(&Caller::machine(), post).await.map_err(|error| match error {
                StoreError::NotFound => anyhow::anyhow!("--organisation: no such organisation {organisation:?}"),
                StoreError::Conflict => anyhow::anyhow!("{login} holds this post already"),
                other => other.into(),
            })?;
            changed(store, person.id).await
        }
        User::ResetFactor { login } => {
            let person = known(store, login).await?;
            let dropped = store.second_factor_drop(&Caller::machine(), person.id, Clock::system().now()).await;
            dropped.with_context(|| format!("{login} has no second factor"))?;
            changed(store, person.id).await
        }
        User::EndPost { id } => {
            let id: PostId = id.parse().map_err(|e| anyhow::anyhow!("{e}"))?;
            let ended = store.post_end(&Caller::machine(), id, Clock::system().now()).await;
            let ended = ended.with_context(|| format!("{id}: no such post that lasts"))?;
            changed(store, ended.person).await
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn known(store: &Store, login: &str) -> anyhow::Result<PersonRow> {
    store.person_by_login(login).await?.with_context(|| format!("{login}: no such person"))
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let (posts, now) = (store.posts(&Caller::machine()).await?, Clock::system().now());
    for p in store.people().await? {
        let state = if p.disabled { "disabled" } else { "" };
        println!("{}\t{}\t{state}", p.login, p.name_zh);
        for post in posts.iter().filter(|post| post.person == p.id && post.lasts(now)) {
            let certificate = post.certificate.as_deref().unwrap_or_default();
            println!("\t{}\t{}\t{}\t{certificate}", post.id, post.role.as_str(), post.organisation);
        }
    }
    Ok(())
}

/// Open sessions end with what they were given for. Who sat at the machine is not known to the audit.
async fn changed(store: &Store, id: PersonId) -> anyhow::Result<()> {
    store.sessions_drop(id).await?;
    store.publish(notes::PEOPLE, String::new()).await?;
    Ok(())
}

fn password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("password: ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
