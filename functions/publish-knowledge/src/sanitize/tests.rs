//! Whatever an author, or somebody through an author, puts into an article: nothing active stays, and guides stay
//! readable.

use proptest::prelude::*;
use scraper::{Html, Node};
use shared::messages::PartnerHtml;

use super::sanitize;

const INSTANCE: &str = "acme.service-now.com";
const FILE: &str = "a3d911b2e30132ebe35c2ddfb2cf852a";

/// What a partner's browser gets.
fn shown(html: &str) -> String {
    let fragment = sanitize(html, INSTANCE);
    let body = PartnerHtml::of_sanitized(&fragment);
    let body = body.unwrap_or_else(|error| panic!("{error}: {fragment:?} of {html:?}"));
    body.with_files(|_| Some("DOC-1"))
}

/// Reads HTML as a browser does and refuses everything but plain guidance.
#[track_caller]
fn check(shown: &str, from: &str) {
    for document in [Html::parse_fragment(shown), Html::parse_document(shown)] {
        for node in document.tree.nodes() {
            let element = match node.value() {
                Node::Element(element) => element,
                Node::Comment(_) | Node::ProcessingInstruction(_) | Node::Doctype(_) => {
                    panic!("{:?} stayed of {from:?}: {shown:?}", node.value())
                }
                Node::Document | Node::Fragment | Node::Text(_) => continue,
            };
            let name = element.name();
            assert_eq!(&*element.name.ns, "http://www.w3.org/1999/xhtml", "{from:?}: {shown:?}");
            let is_of_the_page = ["html", "head", "body"].contains(&name) && element.attrs().next().is_none();
            let is_known = super::ELEMENTS.iter().any(|(known, _)| *known == name);
            assert!(is_of_the_page || is_known, "<{name}> stayed of {from:?}: {shown:?}");
            for (attribute, value) in element.attrs() {
                let is_plain = match (name, attribute) {
                    ("a", "href") => value.starts_with("https://") || value.starts_with("#a-"),
                    ("img", "src") => value == "gridlink-file:DOC-1",
                    ("img", "alt") => true,
                    ("td" | "th", "colspan" | "rowspan") | ("ol", "start") => value.parse::<u16>().is_ok(),
                    ("th", "scope") => ["row", "col", "rowgroup", "colgroup"].contains(&value),
                    (_, "id") => value.starts_with("a-"),
                    _ => false,
                };
                assert!(is_plain, "{name} {attribute}={value:?} stayed of {from:?}: {shown:?}");
            }
        }
    }
}

/// Samples by what they try.
const HOSTILE: [(&str, &[&str]); 10] = [
    (
        "scripts",
        &[
            "<script>alert(1)</script>",
            "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
            "<scr<script>ipt>alert(1)</scr</script>ipt>",
            "<script/x>alert(1)</script\n>",
            "<<script>alert(1);//<</script>",
            "<script>alert(1)",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<object data=x.swf></object><embed src=x.swf><applet code=x></applet>",
            "<base href='https://evil.example/'><a href=x>y</a>",
            "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
            "<link rel=stylesheet href=//evil.example/x.css>",
            "<form action=//evil.example><input name=p onfocus=alert(1) autofocus><button formaction=javascript:alert(1)>x</button></form>",
            "<portal src=//evil.example></portal><dialog open>x</dialog>",
        ],
    ),
    (
        "event handlers",
        &[
            "<p onclick=alert(1)>x</p>",
            "<p OnMouseOver='alert(1)'>x</p>",
            "<img src=x onerror=alert(1)>",
            "<img/src=x/onerror=alert(1)>",
            "<img src=\"x\"onerror=\"alert(1)\">",
            "<b/onpointerenter=alert(1)//>x</b>",
            "<p\x0conclick=alert(1)>x</p>",
            "<details open ontoggle=alert(1)>x</details>",
            "<video><source onerror=alert(1)></video>",
            "<body onload=alert(1)><p>x</p></body>",
            "<p \"onclick=alert(1)\">x</p>",
            "<p '\"><img src=x onerror=alert(1)>'>x</p>",
        ],
    ),
    (
        "addresses that run",
        &[
            "<a href='javascript:alert(1)'>x</a>",
            "<a href='JaVaScRiPt:alert(1)'>x</a>",
            "<a href=' javascript:alert(1)'>x</a>",
            "<a href='java\nscript:alert(1)'>x</a>",
            "<a href='java&#x09;script:alert(1)'>x</a>",
            "<a href='&#106;avascript&colon;alert(1)'>x</a>",
            "<a href='\u{1}javascript:alert(1)'>x</a>",
            "<a href='vbscript:msgbox(1)'>x</a>",
            "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
            "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
            "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
            "<img src='javascript:alert(1)' lowsrc='javascript:alert(1)' dynsrc='javascript:alert(1)'>",
            "<img srcset='https://evil.example/x.png 2x' src=x>",
            "<a href='https://good.example/' ping='https://evil.example/' target=_blank>x</a>",
            "<a xlink:href='javascript:alert(1)'>x</a>",
            "<table background='javascript:alert(1)'><tr><td background='javascript:alert(1)'>x</td></tr></table>",
            "<blockquote cite='javascript:alert(1)'>x</blockquote>",
            "<a href='blob:https://good.example/x'>x</a><a href='file:///etc/passwd'>x</a>",
            "<a href='https://good.example/\"onmouseover=alert(1)'>x</a>",
            "<a href='https://good.example/<script>alert(1)</script>'>x</a>",
        ],
    ),
    (
        "drawings and formulas",
        &[
            "<svg onload=alert(1)>",
            "<svg><script>alert(1)</script></svg>",
            "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
            "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /></svg>",
            "<svg><foreignObject><p onclick=alert(1)>x</p></foreignObject></svg>",
            "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'></svg>",
            "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
            "<math href='javascript:alert(1)'>x</math>",
            "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
        ],
    ),
    (
        "styles",
        &[
            "<style>body{display:none}</style><p>x</p>",
            "<p style='background:url(javascript:alert(1))'>x</p>",
            "<p style='width:expression(alert(1))'>x</p>",
            "<p style='position:fixed;top:0;left:0;width:100%;height:100%'>x</p>",
            "<p style='behavior:url(x.htc);-moz-binding:url(x.xml)'>x</p>",
            "<style>@import 'https://evil.example/x.css';</style>",
            "<p class='navbar fixed-top' id='login'>x</p>",
            "<font color=red size=7>x</font><marquee>x</marquee><blink>x</blink>",
            "<div style=\"x:</style><script>alert(1)</script>\">x</div>",
        ],
    ),
    (
        "what browsers repair into something else",
        &[
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table></mtext></math>",
            "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
            "<p id='</title><img src onerror=alert(1)>'>x</p>",
            "<textarea><script>alert(1)</script></textarea><title><script>alert(1)</script></title>",
            "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>",
            "<plaintext><script>alert(1)</script>",
            "<table><tr><td><a href='javascript:alert(1)'><table><td></a>x</table></td></tr></table>",
            "<select><option><style></option></select><img src=x onerror=alert(1)></style>",
            "<template><img src=x onerror=alert(1)></template>",
            "<listing>&lt;img onerror=alert(1) src=x&gt;</listing>",
            "<a><a><b><p></a><img src=x onerror=alert(1)></b></p></a>",
            "<i><table><i><td><i></table>x<b onclick=alert(1)>",
            "&lt;script&gt;alert(1)&lt;/script&gt;<p>&amp;lt;img src=x onerror=alert(1)&amp;gt;</p>",
            "<img alt='<img src=x onerror=alert(1)>' src=x>",
            "<img alt='`><img src=x onerror=alert(1)>' src=x>",
            "<p>a\u{0}<scr\u{0}ipt>alert(1)</scr\u{0}ipt></p>",
            "<nobr><nobr><frameset><frame src=javascript:alert(1)></frameset>",
        ],
    ),
    (
        "comments and instructions",
        &[
            "<!-- <script>alert(1)</script> -->",
            "<!--[if IE]><script>alert(1)</script><![endif]-->",
            "<!--><img src=x onerror=alert(1)>-->",
            "<!-- --!><img src=x onerror=alert(1)> -->",
            "<?xml-stylesheet href='javascript:alert(1)'?>",
            "<![CDATA[<script>alert(1)</script>]]>",
            "<!DOCTYPE html><p>x</p>",
            "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>",
        ],
    ),
    (
        "names that take the place of others",
        &[
            "<a id=document name=cookie>x</a>",
            "<img name=getElementById>",
            "<form id=attributes><input name=children></form>",
            "<p id='x onclick=alert(1)'>x</p>",
            "<p id=__proto__>x</p>",
        ],
    ),
    (
        "broken on purpose",
        &[
            "<p",
            "<p onclick=",
            "<a href=\"",
            "<a href='x",
            "</",
            "<",
            ">",
            "<>",
            "<!",
            "&#0;&#x110000;&#xD800;",
            "\u{FEFF}\u{202E}<b>x</b>",
        ],
    ),
    (
        "the same of another kind",
        &[
            "<html><head><title>x</title></head><body bgcolor=red><p>x</p></body></html>",
            "<o:p>x</o:p><w:sdt>x</w:sdt><st1:place>x</st1:place>",
            "<custom-element onclick=alert(1)>x</custom-element>",
            "<slot name=x onslotchange=alert(1)></slot>",
            "<input type=image src=x onerror=alert(1)>",
            "<picture><source srcset=x onerror=alert(1)><img src=x onerror=alert(1)></picture>",
            "<area href=javascript:alert(1)><map name=x></map>",
            "<keygen autofocus onfocus=alert(1)>",
        ],
    ),
];

#[test]
fn nothing_active_stays() {
    for (_, samples) in HOSTILE {
        for sample in samples {
            check(&shown(sample), sample);
            let within = format!("<table><tbody><tr><td><pre><code>{sample}</code></pre></td></tr></tbody></table>");
            check(&shown(&within), &within);
        }
    }
}

#[test]
fn the_strict_look_sees_what_is_active() {
    for active in [
        "<p onclick=\"x\">y</p>",
        "<script>x</script>",
        "<a href=\"javascript:x\">y</a>",
        "<svg></svg>",
        "<!-- x -->",
        "<p id=\"x\">y</p>",
    ] {
        let seen = std::panic::catch_unwind(|| check(active, active));
        assert!(seen.is_err(), "{active}");
    }
}

proptest! {
    /// Whatever the samples are made into, and what is sanitized once stays as it is.
    #[test]
    fn nothing_active_stays_of_what_is_put_together(
        parts in prop::collection::vec((0..HOSTILE.len(), 0..64_usize, 0..80_usize, any::<bool>()), 1..6),
        words in ".{0,12}",
    ) {
        let mut html = words;
        for (kind, sample, cut, is_whole) in parts {
            let samples = HOSTILE[kind].1;
            let sample = samples[sample % samples.len()];
            let end = sample.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(sample.len());
            html.push_str(if is_whole { sample } else { &sample[..end] });
        }
        let once = shown(&html);
        check(&once, &html);
    }
}

#[test]
fn links_to_the_inside_leave_their_words() {
    for address in [
        "https://acme.service-now.com/kb_view.do?sysparm_article=KB0010001",
        "https://ACME.Service-Now.com./x",
        "https://other.service-now.com/x",
        "/kb_view.do?sysparm_article=KB0010001",
        "kb?id=kb_article",
        "//acme.service-now.com/x",
        "https://wiki.acme.internal/x",
        "https://intranet/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://wiki.corp:8443/x",
        "https://user:secret@good.example/x",
        "https://good.example/?token=abcdefgh",
        "http://good.example/",
        "mailto:ada@good.example",
        "ftp://good.example/x",
    ] {
        let html = format!("<p>See <a href=\"{address}\">the steps</a>.</p>");
        assert_eq!(shown(&html), "<p>See the steps.</p>", "{address}");
    }
    for address in ["https://good.example/", "https://sub.good.example/a?b=c&amp;d=e#f"] {
        let html = format!("<p>See <a href=\"{address}\">the steps</a>.</p>");
        assert_eq!(shown(&html), html);
    }
    let contents = "<a href=\"#s1\">Step</a><h2 id=\"s1\">Step</h2>";
    assert_eq!(shown(contents), "<a href=\"#a-s1\">Step</a><h2 id=\"a-s1\">Step</h2>");
}

#[test]
fn pictures_of_the_article_stay_and_others_are_said_to_be_missing() {
    for address in [
        format!("/sys_attachment.do?sys_id={FILE}"),
        format!("sys_attachment.do?sys_id={FILE}&amp;view=true"),
        format!("https://acme.service-now.com/sys_attachment.do?sys_id={FILE}"),
    ] {
        let html = format!(
            "<p><img src=\"{address}\" alt=\"a &lt;b&gt; &quot;c&quot;\" width=\"3\" style=\"float:left\"></p>"
        );
        let wanted = "<p><img src=\"gridlink-file:DOC-1\" alt=\"a b &quot;c&quot;\"></p>";
        assert_eq!(shown(&html), wanted, "{address}");
    }
    for address in [
        "https://evil.example/pixel.png".to_owned(),
        format!("https://evil.example/sys_attachment.do?sys_id={FILE}"),
        format!("/x.do?sys_id={FILE}"),
        "/sys_attachment.do?sys_id=x".to_owned(),
        "data:image/png;base64,iVBORw0KGgo=".to_owned(),
    ] {
        let html = format!("<p><img src=\"{address}\" alt=\"x\"></p>");
        assert_eq!(
            shown(&html),
            "<p><em>[A picture is not available here.]</em></p>",
            "{address}"
        );
    }
}

#[test]
fn what_its_author_hid_does_not_come_to_light() {
    for hidden in [
        "<p style=\"display:none\">secret <b>plan</b></p>",
        "<span style=\"Display : NONE !important\">secret</span>",
        "<div style=\"color:red; visibility: hidden\">secret</div>",
        "<p hidden>secret</p>",
        "<p style=\"font-size:0px\">secret</p>",
        "<p style=\"dis/**/play:none\">secret</p>",
        "<p style=\"mso-hide:all\">secret</p>",
        "<section style=\"display:none\"><h2>secret</h2></section>",
        "<o:p style=\"display:none\">secret</o:p>",
        "<my-note hidden>secret</my-note>",
        "<font><span><span style=\"display:none\">secret</span></span></font>",
        "<table style=\"display:none\"><tbody><tr><td>secret</td></tr></tbody></table>",
        "<p><!-- secret --></p>",
        "<template>secret</template>",
    ] {
        let text = shown(&format!("<p>before</p>{hidden}<p>after</p>"));
        assert!(!text.contains("secret") && !text.contains("plan"), "{hidden}: {text}");
        assert!(text.contains("before") && text.contains("after"), "{hidden}: {text}");
    }
    assert_eq!(
        shown("<p style=\"font-size:10px;display:block\">seen</p>"),
        "<p>seen</p>"
    );
}

/// The guides of the sample instance, as partners read them.
macro_rules! guides {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../tests/worlds/documents/knowledge/", $name, ".html")))),*]
    };
}

#[test]
fn guides_stay_as_their_authors_wrote_them() {
    let guides = guides!(
        "acknowledgement-997",
        "contoso-routing-guide",
        "desadv",
        "invoice-810",
        "opening-an-issue",
        "order-change-860",
        "ship-notice-856",
        "sscc-labels",
        "testing-a-map"
    );
    for (name, html) in guides {
        let html = html.trim();
        assert_eq!(shown(html).trim(), html, "{name}");
    }
}

#[test]
fn a_guide_of_an_editor_is_read_without_its_dress() {
    let html = include_str!("guide.html").replace("{file}", FILE);
    let shown = shown(&html);
    check(&shown, "the guide");
    insta::assert_snapshot!(shown);
}
