//! The authorization endpoint: a request comes in, and a code, an error or a page goes out.

use axum::body::Body;
use axum::extract::{Path, State};
use http::{Request, Response};

use crate::app::App;
use crate::identity::asked::Asked;
use crate::identity::flow::{self, Stage};
use crate::visitor::Visitor;

/// `GET /{t}/oauth2/v2.0/authorize`. [RFC 6749 §4.1.1], [OpenID Connect Core §3.1.2.1]
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let parameters = request.uri().query().unwrap_or_default().to_owned();
    match Asked::arriving(&app, &visitor, &segment, &parameters).await {
        Ok(asked) => flow::begin(&app, &visitor, asked).await,
        Err(unserved) => {
            let stage = Stage::Arriving { segment: &segment, parameters: &parameters };
            flow::unserved(&app, &visitor, unserved, stage).await
        }
    }
}
