//! The comparison itself is tested without MiniStack: two clouds get the same requests.

use cloud::Cloud;
use cloud::compare::differences;

#[tokio::test]
async fn a_cloud_answers_like_a_cloud() {
    let other = Cloud::new(cloud::Clock::System);
    let found = differences(7, 2_000, |request| {
        let other = other.clone();
        async move { other.call(request).await }
    })
    .await;
    assert_eq!(found, []);
}
