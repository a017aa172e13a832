use super::*;

const SECRET: &str = "0123456789-this-opens-something-WXYZ";

fn recorder() -> Recorder {
    Recorder::new([("b1".to_owned(), BURNDOWN.to_owned())])
}

fn so_far(recorder: &Recorder) -> (Vec<Message>, Steps) {
    let walk = recorder.follow();
    let walk = walk.borrow();
    (walk.messages.iter().cloned().collect(), walk.steps)
}

async fn exchange(recorder: &Recorder, request: Request<Body>, response: Response<Body>) -> (Bytes, Bytes) {
    let scene = Scene::of(request.method(), request.uri().path()).unwrap();
    let (request, heard) = recorder.hear(scene, request).await.map_err(|_| ()).unwrap();
    let passed_on = to_bytes(request.into_body(), BODY_BYTES).await.unwrap();
    let response = recorder.answered(heard, response).await;
    (passed_on, to_bytes(response.into_body(), BODY_BYTES).await.unwrap())
}

fn post(path: &str, form: &str) -> Request<Body> {
    let request = Request::post(path).header(CONTENT_LENGTH, form.len());
    request.body(Body::from(form.to_owned())).unwrap()
}

fn json(status: u16, text: &str) -> Response<Body> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.body(Body::from(text.to_owned())).unwrap()
}

#[tokio::test]
async fn what_is_heard_is_passed_on_unchanged_and_kept_masked() {
    let recorder = recorder();
    let form = format!("grant_type=authorization_code&client_id=b1&code={SECRET}&client_secret={SECRET}");
    let answer = format!(r#"{{"access_token":"{SECRET}","refresh_token":"{SECRET}"}}"#);
    let passed = exchange(&recorder, post("/t/oauth2/v2.0/token", &form), json(200, &answer)).await;
    assert_eq!(passed, (Bytes::from(form), Bytes::from(answer)));

    let (messages, steps) = so_far(&recorder);
    let names: Vec<_> = messages.iter().map(|message| (message.from.as_str(), message.to.as_str())).collect();
    assert_eq!(names, [(BURNDOWN, LATCHKEY), (LATCHKEY, BURNDOWN)]);
    for message in &messages {
        assert!(!format!("{message:?}").contains(SECRET), "{message:?}");
        assert!(message.body.contains("…WXYZ"), "{message:?}");
    }
    assert!(steps.have(Happened::GotKeys));
}

#[tokio::test]
async fn who_asks_for_all_of_a_message_gets_it_without_what_opens_a_browser() {
    let recorder = recorder();
    let form = format!("client_id=b1&code={SECRET}&password={SECRET}&csrf={SECRET}");
    exchange(&recorder, post("/t/oauth2/v2.0/token", &form), json(400, "{}")).await;
    let (messages, _) = so_far(&recorder);
    let whole = messages[0].whole.as_ref().unwrap();
    assert_eq!(whole.0, format!("client_id = b1\ncode = {SECRET}\npassword = …\ncsrf = …WXYZ"));
    assert!(messages[1].whole.is_none(), "nothing is hidden in it");
}

#[tokio::test]
async fn a_key_ran_out_when_a_call_met_its_end_and_the_next_one_was_got() {
    let token = |exp: i64| {
        let payload = serde_json::json!({ "client_id": "b1", "exp": exp }).to_string();
        format!("e30.{}.c2lnbmF0dXJl", latchkey_jose::base64url::encode(payload))
    };
    let call = async |recorder: &Recorder, exp: i64| {
        let request = Request::get("/harbor/_apis/projects").header(AUTHORIZATION, format!("Bearer {}", token(exp)));
        exchange(recorder, request.body(Body::empty()).unwrap(), json(401, "{}")).await;
    };
    let refresh = async |recorder: &Recorder| {
        exchange(recorder, post("/t/oauth2/v2.0/token", "grant_type=refresh_token&client_id=b1"), json(200, "{}"))
            .await;
    };
    let recorder = recorder();
    exchange(&recorder, post("/t/oauth2/v2.0/token", "grant_type=authorization_code&client_id=b1"), json(200, "{}"))
        .await;
    refresh(&recorder).await;
    call(&recorder, i64::MAX).await;
    refresh(&recorder).await;
    assert!(!so_far(&recorder).1.have(Happened::RanOut), "the key still lived");
    call(&recorder, 1).await;
    assert!(!so_far(&recorder).1.have(Happened::RanOut), "there is no other yet");
    refresh(&recorder).await;
    assert!(so_far(&recorder).1.have(Happened::RanOut));
}

#[tokio::test]
async fn the_record_was_found_when_it_showed_the_approval_and_its_end() {
    let recorder = recorder();
    recorder.walk.send_modify(|walk| {
        walk.steps.note(Happened::GotKeys);
        walk.steps.note(Happened::WasRevoked);
    });
    let look = async |kinds: &[&str]| {
        let page: String = kinds.iter().map(|kind| format!("<li data-kind=\"{kind}\">")).collect();
        exchange(&recorder, Request::get("/audit").body(Body::empty()).unwrap(), Response::new(Body::from(page))).await;
        so_far(&recorder).1.have(Happened::WasAudited)
    };
    assert!(!look(&["authorization_granted"]).await);
    assert!(look(&["authorization_revoked", "authorization_granted"]).await);
}

#[tokio::test]
async fn the_older_kinds_assertions_are_masked_too() {
    let recorder = recorder();
    let form = format!("client_assertion={SECRET}&grant_type=refresh_token&assertion={SECRET}");
    let mut request = post("/oauth2/token", &form);
    request.headers_mut().insert(USER_AGENT, OLDTIMER_AGENT.parse().unwrap());
    exchange(&recorder, request, json(200, &format!(r#"{{"access_token":"{SECRET}"}}"#))).await;
    let (messages, steps) = so_far(&recorder);
    assert!(!format!("{messages:?}").contains(SECRET), "{messages:?}");
    assert_eq!(messages[0].from, OLDTIMER);
    assert!(steps.have(Happened::OlderGotKeys) && !steps.have(Happened::GotKeys));
}

#[tokio::test]
async fn passwords_and_cookies_are_never_kept() {
    let recorder = recorder();
    let form = format!("email=ana%40harbor.test&password={SECRET}&csrf={SECRET}");
    let response = Response::builder().status(303).header(LOCATION, "/consent?flow=f");
    let response = response.header(SET_COOKIE, format!("latchkey={SECRET}; Path=/")).body(Body::empty()).unwrap();
    exchange(&recorder, post("/signin", &form), response).await;
    let (messages, steps) = so_far(&recorder);
    assert!(!format!("{messages:?}").contains(SECRET));
    assert!(messages[0].body.contains("email = ana@harbor.test") && messages[0].body.contains("password = …\n"));
    assert!(messages[1].body.contains("Set-Cookie: latchkey=…WXYZ; Path=/"));
    assert!(!steps.have(Happened::SignedIn), "Burndown did not ask");
}

#[tokio::test]
async fn a_body_that_is_long_or_of_unknown_length_passes_unheard() {
    let recorder = recorder();
    let long = "x".repeat(BODY_BYTES + 1);
    let request = Request::post("/t/oauth2/v2.0/token").header(CONTENT_LENGTH, long.len());
    let scene = Scene::Token;
    let (request, _) =
        recorder.hear(scene, request.body(Body::from(long.clone())).unwrap()).await.map_err(|_| ()).unwrap();
    assert_eq!(to_bytes(request.into_body(), long.len()).await.unwrap(), long);
}

#[tokio::test]
async fn the_oldest_messages_make_room() {
    let recorder = recorder();
    for _ in 0..MESSAGES {
        exchange(&recorder, Request::get("/t/discovery/v2.0/keys").body(Body::empty()).unwrap(), json(200, "{}")).await;
    }
    let (messages, _) = so_far(&recorder);
    assert_eq!(messages.len(), MESSAGES);
    assert_eq!(messages.last().unwrap().number, u32::try_from(MESSAGES).unwrap() * 2);
}
