use super::*;

fn standards() -> Standards {
    Standards::embedded().expect("the shipped standards load")
}

fn air(input: &str, report: Report, choice: EditionChoice) -> (String, Vec<String>) {
    let (mut out, mut said) = (Vec::new(), Vec::new());
    evaluate_air(
        input.as_bytes(),
        &mut out,
        &standards(),
        (report, choice),
        Reading::default(),
        |line, column, reason| {
            said.push(format!("{line} {column} {reason}"));
        },
    )
    .expect("a table");
    (String::from_utf8(out).expect("text"), said)
}

#[test]
fn a_bad_row_is_named_and_the_rest_is_evaluated() {
    let input = "\u{feff}time,site,pm2_5,pm10,so2,no2,co,o3\n2026-03-01T08:00,甲,60,10,10,10,x,10\n2026-02-28 08:00,\"乙,丙\",60,10,10,10,0.5,10\n第一天,丁,1,1,1,1,1,1\n";
    let (out, said) = air(input, Report::Hour, EditionChoice::Auto);
    assert_eq!(said, ["2 co \"x\" is no number", "4 time \"第一天\" has no date"].map(String::from));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[1], "甲,2026-03-01T08:00,,,,,,,,,,,\"line 2, co: \"\"x\"\" is no number\"");
    assert_eq!(lines[2], "\"乙,丙\",2026-02-28 08:00,82,2,PM2.5,4,5,5,4,10,82,HJ 633-2012,");
    assert_eq!(lines.len(), 4);
}

#[test]
fn the_edition_is_by_date_or_by_choice() {
    let input = "site,time,so2,no2,co,o3_8h,pm10,pm2_5\na,2026-03-01,1,1,0.1,1,1,60\na,2026-02-28,1,1,0.1,1,1,60\n";
    let aqi = |choice| -> Vec<String> {
        let rows = air(input, Report::Day, choice).0;
        rows.lines().skip(1).map(|l| l.split(',').nth(2).expect("a column").to_owned()).collect()
    };
    assert_eq!(aqi(EditionChoice::Auto), ["100", "82"]);
    assert_eq!(aqi(EditionChoice::V2012), ["82", "82"]);
    assert_eq!(aqi(EditionChoice::V2026), ["100", "100"]);
}

#[test]
fn a_missing_column_is_named() {
    let result = evaluate_air(
        "site,time,so2\n".as_bytes(),
        Vec::new(),
        &standards(),
        (Report::Day, EditionChoice::Auto),
        Reading::default(),
        |_, _, _| {},
    );
    assert_eq!(result.expect_err("a column is missing").to_string(), "line 1: column \"no2\" is missing");
}

#[test]
fn water_rows_are_judged_one_by_one() {
    let input = "section,kind,time,ph,do,codmn,nh3n,tp\n双塔底,river,2026-03-01 08:00,7.5,8,1.5,0.1,0.02\n铜山源水库,lake,t,9.93,8,1.5,0.1,-\n某处,pond,t,7,8,1,0.1,0.01\n某处,lake,t,7,-8,1,0.1,0.01\n";
    let (mut out, mut said) = (Vec::new(), Vec::new());
    let summary = evaluate_water(input.as_bytes(), &mut out, &standards(), Reading::default(), |l, c, r| {
        said.push(format!("{l} {c} {r}"));
    });
    assert_eq!(summary.expect("a table"), Summary { rows: 4, bad: 2 });
    assert_eq!(said, ["4 kind \"pond\" is neither river nor lake", "5 do -8 is negative"]);
    let text = String::from_utf8(out).expect("text");
    assert!(text.contains("双塔底,river,2026-03-01 08:00,1,,") && text.contains("铜山源水库,lake,t,6,pH,"), "{text}");
}
