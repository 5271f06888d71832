//! The printable page of a pack (证据单): one file of HTML without a script, pictures by their names beside it.

use std::fmt::Write as _;

use shanshui_domain::sense::eye::pack::{Doubt, File, Kind, Manifest};
use shanshui_domain::time::{Instant, Zone};

const STYLE: &str = "\
body{font:14px/1.6 'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;color:#111;max-width:190mm;margin:8mm auto;padding:0 4mm}\
h1{font-size:22px;text-align:center;margin:0 0 2mm}h2{font-size:16px;border-bottom:1px solid #444;margin:7mm 0 2mm;break-after:avoid}\
p.n{text-align:center;margin:0 0 4mm;color:#333}table{border-collapse:collapse;width:100%;font-size:13px}\
th,td{border:1px solid #888;padding:1mm 2mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eee;white-space:nowrap}\
tr,figure{break-inside:avoid}code{font:11px/1.4 monospace;word-break:break-all}figure{margin:3mm 0}img{max-width:100%;max-height:110mm;border:1px solid #888}\
figcaption{font-size:12px;color:#333}.d{font-weight:bold}@page{size:A4;margin:14mm}@media print{body{margin:0;max-width:none;padding:0}}";

/// The page of a manifest, times in the station's civil time. Its own digest is not on it.
pub fn html(manifest: &Manifest, zone: &Zone) -> String {
    let (m, mut out) = (manifest, String::with_capacity(16 << 10));
    let title = format!("{}水质自动监测站电子围栏事件证据单", m.city);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{0} {1}</title><style>{STYLE}</style></head><body>\n\
         <h1>{0}</h1><p class=\"n\">编号 {1}　制作于 {2}</p>\n",
        text(&title),
        text(&m.event.number),
        text(&civil(&m.made.at, zone)),
    );
    event(m, zone, &mut out);
    pictures(m, &mut out);
    match &m.doubt {
        Some(doubt) => doubted(doubt, zone, &mut out),
        None => out.push_str("<h2>三、存疑数据</h2>\n<p>本事件不涉及存疑数据。</p>\n"),
    }
    voice(m, zone, &mut out);
    steps(m, zone, &mut out);
    files(m, &mut out);
    checking(m, zone, &mut out);
    out.push_str("</body></html>\n");
    out
}

fn event(m: &Manifest, zone: &Zone, out: &mut String) {
    let time = |t: &Option<String>| t.as_deref().map_or("—".into(), |t| civil(t, zone));
    let model = m.model.as_ref().map_or("无模型，仅按画面变化检测，目标未分类".into(), |model| {
        format!("{}（{}，{}），SHA-256 {}", model.name, model.family, model.runtime, model.sha256)
    });
    let offset =
        m.clocks.offset_ms.map_or("摄像机未提供时钟".into(), |ms| format!("摄像机时钟与服务器相差 {ms} 毫秒"));
    let verdict = m.verdict.as_ref().map_or("尚未复核".into(), |v| {
        format!("{}：{}（{}，{}）", v.verdict_zh, v.reason, v.by, civil(&v.at, zone))
    });
    let rows = [
        ("站点", format!("{}（{}）", m.station.name, m.station.code)),
        ("摄像机", format!("{}（{}）", m.camera.name, m.camera.code)),
        ("事件", format!("{}：{}", m.event.kind_zh, m.event.label_zh)),
        ("围栏", format!("{}（方案第{}版，SHA-256 {}）", m.event.fence_name, m.rule.plan_version, m.rule.plan_sha256)),
        ("接近", time(&m.event.approached)),
        ("进入", civil(&m.event.entered, zone)),
        ("离开", time(&m.event.left)),
        ("把握程度", format!("{:.2}；阈值 {}", m.event.score, m.rule.thresholds)),
        ("检测模型", model),
        ("时钟", format!("服务器 {}；{offset}", civil(&m.clocks.server, zone))),
        ("报备来访", m.visit.clone().unwrap_or_else(|| "无".into())),
        ("复核结论", verdict),
    ];
    out.push_str("<h2>一、事件</h2>\n<table>");
    for (name, value) in rows {
        let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", text(&value));
    }
    out.push_str("</table>\n");
}

fn pictures(m: &Manifest, out: &mut String) {
    out.push_str("<h2>二、画面</h2>\n");
    let note = |f: &File| if f.blurred_from.is_some() { "（人脸、车牌已模糊）" } else { "" };
    for file in &m.files {
        let (name, said, note) = (text(&file.name), file.kind.zh(), note(file));
        let _ = match file.kind {
            Kind::Page => Ok(()),
            Kind::Clip => writeln!(out, "<p>{said}：<a href=\"{name}\">{name}</a>{note}</p>"),
            _ => writeln!(
                out,
                "<figure><img src=\"{name}\" alt=\"{said}\"><figcaption>{said}{note}　{name}</figcaption></figure>"
            ),
        };
    }
}

fn doubted(doubt: &Doubt, zone: &Zone, out: &mut String) {
    let by = doubt.by.as_deref().map_or(String::new(), |by| format!("；{by}：{}", doubt.reason));
    let _ = writeln!(
        out,
        "<h2>三、存疑数据</h2>\n<p>时段 {} 至 {}，<span class=\"d\">{}</span>{}。原始值未改动。</p>",
        text(&civil(&doubt.from, zone)),
        text(&civil(&doubt.to, zone)),
        text(&doubt.state_zh),
        text(&by)
    );
    out.push_str("<table><tr><th>时间</th><th>因子</th><th>监测值</th><th>单位</th><th>标记</th></tr>\n");
    for r in &doubt.readings {
        let value = r.value.as_deref().unwrap_or("—");
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}（{}）</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&civil(&r.at, zone)),
            text(&r.name),
            text(&r.factor),
            text(value),
            text(&r.unit),
            text(&r.mark)
        );
    }
    out.push_str("</table>\n");
}

fn voice(m: &Manifest, zone: &Zone, out: &mut String) {
    out.push_str("<h2>四、语音驱离</h2>\n");
    if m.voice.is_empty() {
        out.push_str("<p>未喊话。</p>\n");
        return;
    }
    out.push_str("<table><tr><th>时间</th><th>结果</th><th>首声延迟</th><th>说明</th></tr>\n");
    for said in &m.voice {
        let late = said.first_byte_ms.map_or("—".into(), |ms| format!("{ms} 毫秒"));
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{late}</td><td>{}</td></tr>",
            text(&civil(&said.at, zone)),
            text(&said.result_zh),
            text(&said.detail)
        );
    }
    out.push_str("</table>\n");
}

fn steps(m: &Manifest, zone: &Zone, out: &mut String) {
    out.push_str("<h2>五、环节链</h2>\n<table><tr><th>序号</th><th>时间</th><th>环节</th><th>摘要值</th></tr>\n");
    for link in &m.steps {
        let step: serde_json::Value = serde_json::from_str(&link.body).unwrap_or_default();
        let at = step["at"].as_i64().map_or("—".into(), |us| shown(Instant(us), zone));
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{at}</td><td>{}</td><td><code>{} {}</code></td></tr>",
            link.seq,
            text(word(step["what"].as_str().unwrap_or("—"))),
            link.algorithm.as_str(),
            text(&link.digest)
        );
    }
    out.push_str("</table>\n");
}

/// What a step is called.
fn word(what: &str) -> &str {
    match what {
        "begun" => "进入",
        "filed" => "取证文件入库",
        "spoke" => "语音驱离",
        "left" => "离开",
        "judged" => "复核",
        "doubt" => "存疑处理",
        "case" => "立案",
        "unblurred" => "查看未模糊画面",
        "packed" => "制作证据包",
        "removed" => "文件到期清除",
        other => other,
    }
}

fn files(m: &Manifest, out: &mut String) {
    out.push_str("<h2>六、文件</h2>\n<table><tr><th>文件</th><th>字节</th><th>摘要值</th></tr>\n");
    for f in &m.files {
        let from = f
            .blurred_from
            .as_ref()
            .map_or(String::new(), |d| format!("<br>模糊前原件：SHA-256 {}<br>SM3 {}", text(&d.sha256), text(&d.sm3)));
        let _ = writeln!(
            out,
            "<tr><td>{}<br>{}</td><td>{}</td><td><code>SHA-256 {}<br>SM3 {}{from}</code></td></tr>",
            text(&f.name),
            f.kind.zh(),
            f.bytes,
            text(&f.sha256),
            text(&f.sm3)
        );
    }
    out.push_str("</table>\n");
}

fn checking(m: &Manifest, zone: &Zone, out: &mut String) {
    let _ = writeln!(
        out,
        "<h2>七、核验</h2>\n<p>制作人 {}，{}；事由：{}；程序 {}。</p>\n\
         <p>清单 manifest.json 列出本包全部文件的摘要值，其签名在 signature.json。离线核验：<code>shanshui eye verify 证据包.zip --key 公钥</code>；\
         公钥应从监测单位另行取得。任何文件、清单或环节的改动都会被指出。</p>",
        text(&m.made.by),
        text(&civil(&m.made.at, zone)),
        text(&m.made.reason),
        text(&m.made.program)
    );
}

/// A time of a manifest in civil time; what is none stays as it is.
fn civil(rfc3339: &str, zone: &Zone) -> String {
    match rfc3339.parse::<jiff::Timestamp>() {
        Ok(at) => shown(Instant::from_timestamp(at), zone),
        Err(_) => rfc3339.to_owned(),
    }
}

fn shown(at: Instant, zone: &Zone) -> String {
    zone.civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Text as it may stand in HTML, between tags and in quotes.
fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + 8);
    for c in plain.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
