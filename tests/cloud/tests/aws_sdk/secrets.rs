use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

use crate::cloud;
use crate::connector::secrets_client;

#[tokio::test(start_paused = true)]
async fn a_secret_is_found_by_name_or_arn_and_by_stage() {
    let cloud = cloud();
    cloud.put_secret("hooks/trading-grid", "new", Some("old"));
    let client = secrets_client(&cloud, 1);
    let get = |id: &str, stage: Option<&str>| {
        client
            .get_secret_value()
            .secret_id(id)
            .set_version_stage(stage.map(str::to_owned))
            .send()
    };
    let current = get("hooks/trading-grid", None).await.expect("it is there");
    assert_eq!(current.secret_string(), Some("new"));
    assert_eq!(current.version_stages(), ["AWSCURRENT"]);
    let arn = current.arn().expect("an ARN comes with it");
    let by_arn = get(arn, Some("AWSCURRENT")).await.expect("it is there");
    assert_eq!(by_arn.secret_string(), Some("new"));
    let previous = get("hooks/trading-grid", Some("AWSPREVIOUS"))
        .await
        .expect("it is there");
    assert_eq!(previous.secret_string(), Some("old"));
    assert_ne!(previous.version_id(), current.version_id());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_secret_and_a_missing_stage_are_not_found() {
    let cloud = cloud();
    cloud.put_secret("hooks/trading-grid", "only", None);
    let client = secrets_client(&cloud, 1);
    for (id, stage) in [("hooks/unknown", "AWSCURRENT"), ("hooks/trading-grid", "AWSPREVIOUS")] {
        let error = client
            .get_secret_value()
            .secret_id(id)
            .version_stage(stage)
            .send()
            .await
            .expect_err("it is not there")
            .into_service_error();
        assert!(
            matches!(error, GetSecretValueError::ResourceNotFoundException(_)),
            "{error:?}"
        );
        assert!(error.meta().message().is_some());
    }
}
