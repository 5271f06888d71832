//! The web interface, embedded in the binary.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Web;

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>山水</title><p>界面尚未构建，请运行 <code>make demo</code>。\
    <p>The interface is not built; run <code>make demo</code>. The API is served.";

/// A file of the interface, or its first page for every address the interface itself knows.
pub async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return crate::error::ApiError::NotFound.into_response();
    }
    if let Some(file) = Web::get(path).filter(|_| !path.is_empty()) {
        // vite puts a digest into the names under assets/
        let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [(CONTENT_TYPE, file.metadata.mimetype().to_owned()), (CACHE_CONTROL, keep.to_owned())];
        return (headers, file.data).into_response();
    }
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match Web::get("index.html") {
        Some(page) => ([(CACHE_CONTROL, "no-cache")], Html(page.data)).into_response(),
        None => Html(NOT_BUILT).into_response(),
    }
}
