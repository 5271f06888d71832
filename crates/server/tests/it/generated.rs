//! What is generated and committed is what the program would write today.

#[test]
fn the_description_of_the_api_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let committed = std::fs::read_to_string(path).expect("openapi.json");
    let now = shanshui_server::http::openapi_text().expect("written");
    assert!(committed.trim_end() == now.trim_end(), "openapi.json is stale: run `shanshui openapi > openapi.json`");
}

#[test]
fn the_page_of_rights_holds_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ref/rights.md");
    let page = std::fs::read_to_string(path).expect("docs/ref/rights.md");
    let rights = shanshui_domain::right::Rights::embedded().expect("whole");
    let table = shanshui_server::cmd::rights::markdown(&rights);
    assert!(page.contains(&table), "docs/ref/rights.md is stale: put the output of `shanshui rights` there");
}

#[test]
fn the_page_of_review_holds_the_rows() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ref/review.md");
    let page = std::fs::read_to_string(path).expect("docs/ref/review.md");
    let rows = shanshui_server::cmd::review::markdown(&shanshui_server::desk::Books::embedded().expect("loads"));
    assert!(page.contains(&rows), "docs/ref/review.md is stale: put the output of `shanshui review` there");
}

#[test]
fn the_built_in_city_loads_with_the_counts_it_stands_for() {
    use shanshui_domain::place::StationKind::{BoundarySection, DrinkingSource, MunicipalSection};
    let city = shanshui_server::city::demo().expect("the built-in city");
    let count = |kind| city.stations.iter().filter(|s| s.kind == kind).count();
    assert_eq!((count(MunicipalSection), count(BoundarySection), count(DrinkingSource)), (19, 5, 7));
}
