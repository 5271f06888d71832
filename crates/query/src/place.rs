//! Where files lie: a folder that every node sees under the same path, or a bucket.

use std::fmt;
use std::sync::Arc;

use datafusion::datasource::object_store::ObjectStoreUrl;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use url::Url;

use crate::QueryError;

/// How a bucket is reached; what is absent comes from the environment (`AWS_…`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3 {
    /// Address of the service, when it is not Amazon's.
    pub endpoint: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Key id.
    pub access_key: Option<String>,
    /// Secret.
    pub secret_key: Option<String>,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("endpoint", &self.endpoint).field("region", &self.region).finish_non_exhaustive()
    }
}

/// A folder or bucket. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Place {
    /// `file:///folder/` or `s3://bucket/prefix/`.
    url: Url,
    /// Of the whole machine or bucket.
    store: Arc<dyn ObjectStore>,
}

impl Place {
    /// Opens a folder, `file://` or `s3://` address. The folder must exist.
    ///
    /// # Errors
    /// When the address cannot be read, the folder is absent, or the bucket's settings are incomplete.
    pub fn open(location: &str, s3: &S3) -> Result<Self, QueryError> {
        let refuse = |reason: String| QueryError::Place { place: location.to_owned(), reason };
        let url = match Url::parse(location) {
            Ok(url) if matches!(url.scheme(), "file" | "s3") => url,
            Ok(url) if url.scheme().len() > 1 => return Err(refuse(format!("{}: is no known kind", url.scheme()))),
            _ => {
                let folder = std::fs::canonicalize(location).map_err(|e| refuse(e.to_string()))?;
                Url::from_directory_path(folder).map_err(|()| refuse("is no folder".to_owned()))?
            }
        };
        let url = if url.path().ends_with('/') {
            url
        } else {
            Url::parse(&format!("{url}/")).map_err(|e| refuse(e.to_string()))?
        };
        let store = store_of(&url, s3).map_err(|e| refuse(e.to_string()))?;
        Ok(Self { url, store })
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The store of the whole machine or bucket; paths begin at its root.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Path of a file below the place, from the root of the store.
    pub fn below(&self, relative: &str) -> Result<Path, QueryError> {
        let refuse = |e: object_store::path::Error| QueryError::Place {
            place: format!("{}{relative}", self.url),
            reason: e.to_string(),
        };
        let base = Path::from_url_path(self.url.path()).map_err(refuse)?;
        Path::parse(format!("{base}/{relative}").trim_start_matches('/')).map_err(refuse)
    }

    /// The part of the address that tells stores apart.
    pub(crate) fn root(&self) -> Url {
        root_of(&self.url)
    }

    pub(crate) fn store_url(&self) -> Result<ObjectStoreUrl, QueryError> {
        Ok(ObjectStoreUrl::parse(self.root().as_str())?)
    }

    pub(crate) async fn delete(&self, path: &Path) -> object_store::Result<()> {
        match self.store.delete(path).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => other,
        }
    }
}

fn root_of(url: &Url) -> Url {
    let mut root = url.clone();
    root.set_path("/");
    root
}

fn store_of(url: &Url, s3: &S3) -> object_store::Result<Arc<dyn ObjectStore>> {
    if url.scheme() == "file" {
        return Ok(Arc::new(LocalFileSystem::new()));
    }
    let mut builder = AmazonS3Builder::from_env().with_url(url.as_str());
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some(region) = &s3.region {
        builder = builder.with_region(region);
    }
    if let (Some(id), Some(secret)) = (&s3.access_key, &s3.secret_key) {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
    }
    Ok(Arc::new(builder.build()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_a_bucket_know_root_and_paths() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::open(folder.path().to_str().expect("plain path"), &S3::default()).expect("exists");
        assert_eq!(place.root().as_str(), "file:///");
        assert!(place.below("a/b.parquet").expect("plain").as_ref().ends_with("/a/b.parquet"));
        let s3 = S3 { region: Some("x".to_owned()), ..S3::default() };
        let bucket = Place::open("s3://bucket/history", &s3).expect("settings suffice");
        assert_eq!((bucket.root().as_str(), bucket.below("x").expect("plain").as_ref()), ("s3://bucket/", "history/x"));
    }

    #[test]
    fn what_is_no_place_is_named() {
        let said = |text: &str| Place::open(text, &S3::default()).expect_err("refused").to_string();
        assert!(said("/no/such/folder").contains("/no/such/folder"));
        assert!(said("ftp://x/y").contains("ftp"));
    }
}
