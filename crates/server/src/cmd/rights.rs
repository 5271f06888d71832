//! `shanshui rights`: the table of rights and the routes, as people read them.

use std::fmt::Write as _;

use shanshui_domain::right::{Reach, Right, Rights, Role, Seeker};

use crate::http::rights::{RIGHTS, Who};

/// The table as Markdown: for each right who reaches how far, for each route the right it takes.
pub fn markdown(rights: &Rights) -> String {
    let mut text = String::from("## 角色 Roles\n\n| role | 角色 | name |\n|---|---|---|\n");
    for role in Role::ALL {
        let row = rights.role(*role);
        let (zh, en) = row.map_or(("", ""), |row| (&row.name_zh, &row.name_en));
        line(&mut text, &[format!("`{}`", role.as_str()), zh.to_owned(), en.to_owned()]);
    }
    text.push_str(
        "\n## 权限 Rights\n\n| right | own 本人 | unit 本部门 | area 本辖区 | all 全部 |\n|---|---|---|---|---|\n",
    );
    for right in Right::ALL {
        let mut cells = vec![format!("`{}`", right.as_str())];
        cells.extend(Reach::ALL.into_iter().map(|reach| who(rights, *right, reach)));
        line(&mut text, &cells);
    }
    text.push_str("\n## 接口 Routes\n\n| method | path | right |\n|---|---|---|\n");
    for (method, path, who) in RIGHTS {
        let right = match who {
            Who::Public => "everybody".to_owned(),
            Who::Right(right) => format!("`{}`", right.as_str()),
        };
        line(&mut text, &[method.to_string(), format!("`{path}`"), right]);
    }
    text
}

fn who(rights: &Rights, right: Right, reach: Reach) -> String {
    let mut names: Vec<&str> = Role::ALL
        .iter()
        .filter(|r| rights.reach(right, Seeker::Role(**r)) == Some(reach))
        .map(|r| r.as_str())
        .collect();
    for (seeker, name) in [(Seeker::Anybody, "*anybody*"), (Seeker::BrokenGlass, "*broken glass*")] {
        if rights.reach(right, seeker) == Some(reach) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
