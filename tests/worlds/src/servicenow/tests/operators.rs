use super::things::{add, check, check_ignored, found, instance, user};
use crate::servicenow::{AGENT, INTEGRATION_USER, ServiceNow};

/// Three rows of which the last is empty.
pub(super) fn three() -> ServiceNow {
    let instance = instance();
    let (me, agent) = (user(&instance, INTEGRATION_USER), user(&instance, AGENT));
    let one = [
        ("name", "One"),
        ("other", "one"),
        ("body", "<p>The mail server is down</p>"),
        ("color", "r"),
        ("level", "2"),
        ("count", "9"),
        ("other_count", "9"),
        ("ratio", "0.5"),
        ("flag", "true"),
        ("price", "USD;9.50"),
        ("length", "1970-01-01 00:02:17"),
        ("secret", "hush"),
        ("owner", me.as_str()),
        ("deputy", me.as_str()),
    ];
    let two = [
        ("name", "two"),
        ("other", "three"),
        ("body", "<p>Mail is slow</p>"),
        ("color", "g"),
        ("level", "10"),
        ("count", "10"),
        ("other_count", "3"),
        ("ratio", "12"),
        ("price", "EUR;10"),
        ("length", "1970-01-02 00:00:00"),
        ("owner", agent.as_str()),
        ("deputy", me.as_str()),
    ];
    add(&instance, &[&one, &two, &[("name", "3")]]);
    instance
}

#[tokio::test(start_paused = true)]
async fn every_operator_finds_what_it_says() {
    let cases = [
        ("name=one", "One"),
        ("nameINone,3,four", "One 3"),
        ("nameLIKEn", "One"),
        ("name*N", "One"),
        ("nameCONTAINSn", "One"),
        ("nameNOTLIKEn", "two 3"),
        ("nameNOT LIKEn", "two 3"),
        ("nameDOES NOT CONTAINn", "two 3"),
        ("name!*n", "two 3"),
        ("nameSTARTSWITHt", "two"),
        ("nameENDSWITHe", "One"),
        ("name%E", "One"),
        ("name>=two", "two"),
        ("nameBETWEENo@p", "One"),
        ("otherISEMPTY", "3"),
        ("otherEMPTYSTRING", "3"),
        ("other=", "3"),
        ("other!=", "One two"),
        ("otherISNOTEMPTY", "One two"),
        ("otherANYTHING", "One two 3"),
        ("nameSAMEASother", "One"),
        ("nameNSAMEASother", "two"),
        ("color=r", "One"),
        ("colorNOT INr,b", "two"),
        ("colorNOTINr", "two"),
        ("color!=r", "two"),
        ("otherNOT LIKEone", "two 3"),
        ("level>2", "two"),
        ("levelBETWEEN1@2", "One"),
        ("count=09", "One"),
        ("count<10", "One"),
        ("count<=10", "One two"),
        ("count>-1", "One two"),
        ("countSAMEASother_count", "One"),
        ("countGT_FIELDother_count", "two"),
        ("countGT_OR_EQUALS_FIELDother_count", "One two"),
        ("countLT_FIELDother_count", ""),
        ("countLT_OR_EQUALS_FIELDother_count", "One"),
        ("ratio<12.0", "One"),
        ("ratio=12.0", "two"),
        ("price>9.5", "two"),
        ("price=USD;9.5", "One"),
        ("flag=1", "One"),
        ("flag=false", "two 3"),
        ("flag!=true", "two 3"),
        ("length>1970-01-01 01:00:00", "two"),
        ("length=javascript:gs.getDurationDate('0 00:02:17')", "One"),
        ("secretISNOTEMPTY", "One"),
        ("secretISEMPTY", "two 3"),
        ("ownerLIKEsantos", "two"),
        ("ownerSTARTSWITHGridlink", "One"),
        ("ownerENDSWITHsantos", "two"),
        ("ownerSAMEASdeputy", "One"),
        ("ownerDYNAMIC90d1921e5f510100a9ad2572f2b477fe", "One"),
        ("ownerDYNAMIC54635e965f510100a9ad2572f2b4774c", "One"),
        ("owner=javascript:gs.getUserID()", "One"),
        ("owner.user_name=javascript:gs.getUserName()", "One"),
        ("owner.sys_id=javascript:gs.getUserID();", "One"),
        ("owner.sys_class_nameINSTANCEOFsys_user", "One two"),
        ("owner.sys_class_nameINSTANCEOFcustomer_contact", ""),
        ("123TEXTQUERY321=mail down", "One"),
        ("123TEXTQUERY321=MAIL", "One two"),
        ("123TEXTQUERY321=mai", ""),
        ("123TEXTQUERY321=mai*", "One two"),
        ("123TEXTQUERY321=mail^123TEXTQUERY321=slow", "two"),
    ];
    check(&three(), &cases).await;
}

#[tokio::test(start_paused = true)]
async fn conditions_are_connected_as_they_are_written() {
    let cases = [
        ("^name=one^", "One"),
        ("name=one^ORname=two^color=g", "two"),
        ("name=one^color=g", ""),
        ("name=one^NQcolor=g", "One two"),
        ("name=one^NQcolor=g^name=3", "One"),
        ("name=one^NQcolor=g^ORname=3", "One two 3"),
        ("name=one^EQ^name=two", "One"),
        ("color=r^^ORcolor=g", "One two"),
        ("ORDERBYDESCcount^nameISNOTEMPTY", "two One 3"),
        ("ORDERBYcount", "3 One two"),
        ("name!=3^ORDERBYlevel", "One two"),
        ("ORDERBYother^ORDERBYDESCname", "3 One two"),
        ("ORDERBYowner", "3 One two"),
        ("ORDERBYDESCowner.name", "two One 3"),
        ("NQname=two", "two"),
        ("name=two^NQ", "two"),
    ];
    let instance = three();
    for (query, expected) in cases {
        assert_eq!(found(&instance, query).await, expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_means_nothing_is_ignored() {
    let parts = [
        "AAAA=BBBB",
        "name",
        "nonsense=1",
        "name~one",
        "name.x=1",
        "owner.nonsense=1",
        "=1",
        "Name=one",
        "nameONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)",
        "name=javascript:gs.sleep(9)",
        "name=javascript:current.name",
        "nameGT_FIELDother",
        "nameSAMEASnonsense",
        "nameSAMEAScount",
        "nameBETWEENa",
        "nameIN_HIERARCHYx@y",
        "nameMATCH_RGXo.*",
        "nameDYNAMIC90d1921e5f510100a9ad2572f2b477fe",
        "ownerDYNAMIC0123",
        "nameVALCHANGES",
        "colorCHANGESTOr",
        "countLIKE1",
        "count=many",
        "countIN1,many",
        "flag=maybe",
        "flag>true",
        "at=soon",
        "at>2026-13-01",
        "atLIKE2026",
        "atRELATIVEGT@eon@ago@1",
        "atRELATIVEGT@hour@hence@1",
        "atRELATIVEGT@hour@ago@many",
        "atRELATIVEGT@year@ago@99999999999999999999",
        "at>javascript:gs.daysAgo(9999999999)",
        "at>javascript:gs.beginningOfLast0Days()",
        "atONToday",
        "atONToday@javascript:gs.daysAgoStart(0)",
        "atON2026-11-22@x",
        "atON2026-11-22 x",
        "atON2026-11-22','start')",
        "secret=hush",
        "secretSTARTSWITHh",
        "secretSAMEASname",
        "commentsLIKEx",
        "commentsISEMPTY",
        "123TEXTQUERY321=",
        "123TEXTQUERY321=...",
        "123TEXTINDEXGROUP321=portal",
        "ORDERBYnonsense",
        "ORDERBYsecret",
        "ORDERBYcomments",
        "ORDERBY",
        "ENDRLQUERY",
        "ENDSUBQUERY",
    ];
    check_ignored(&three(), &parts).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_leaves_the_rest_as_it_is() {
    let instance = three();
    for (query, expected) in [
        ("AAAA=BBBB^name=one", "One"),
        ("name=one^AAAA=BBBB", "One"),
        ("name=one^ORAAAA=BBBB", "One"),
        ("name=one^AAAA=BBBB^ORname=two", ""),
        ("AAAA=BBBB^ORname=two", "two"),
        ("name=one^NQAAAA=BBBB", "One"),
        ("NQAAAA=BBBB", "One two 3"),
        ("countBETWEEN1@", ""),
    ] {
        assert_eq!(found(&instance, query).await, expected, "{query}");
    }
    instance.guess(|guesses| guesses.or_after_invalid_stands_alone = false);
    assert_eq!(found(&instance, "name=one^AAAA=BBBB^ORname=two").await, "One two");
    instance.set_property("glide.invalid_query.returns_no_rows", "true");
    assert_eq!(found(&instance, "name=one").await, "One");
    for query in ["name=one^AAAA=BBBB", "AAAA=BBBB", "name=one^ORDERBYnonsense"] {
        assert_eq!(found(&instance, query).await, "", "{query}");
    }
    let plain = |filter: &'static str| super::get(&instance, filter);
    assert_eq!(plain("/api/now/table/u_thing?nonsense=1").await, serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn many_unknown_parts_take_no_time() {
    let instance = three();
    // It comes through the Batch API, where no URL is too long.
    instance.guess(|guesses| guesses.longest_url = usize::MAX);
    let query = "AAAA=BBBB^".repeat(2300) + "name=two";
    let started = std::time::Instant::now();
    assert_eq!(found(&instance, &query).await, "two");
    assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
    assert_eq!(instance.ignored().len(), 2300);
}

#[tokio::test(start_paused = true)]
async fn empty_fields_are_left_out_or_kept() {
    let instance = three();
    instance.guess(|guesses| {
        guesses.unequal_includes_empty = true;
        guesses.not_like_includes_empty = false;
    });
    let cases = [
        ("color!=r", "two 3"),
        ("colorNOT INr", "two 3"),
        ("nameNSAMEASother", "two 3"),
        ("otherNOT LIKEone", "two"),
    ];
    check(&instance, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn references_are_sorted_by_name_or_by_key() {
    let instance = three();
    instance.guess(|guesses| guesses.references_are_ordered_by_display = false);
    let mut owners = [
        (user(&instance, INTEGRATION_USER), "One"),
        (user(&instance, AGENT), "two"),
    ];
    owners.sort();
    let expected = format!("3 {} {}", owners[0].1, owners[1].1);
    assert_eq!(found(&instance, "ORDERBYowner").await, expected);
}
