//! A page in a browser: what it says, and its forms.

use http::StatusCode;
use http::header::HeaderMap;
use url::Url;

use crate::browser::{Browser, FormAction, Visit, is_html, policy_of};
use crate::html::{self, Token};
use crate::server::{Answer, encode};

/// A page of ours in a browser. Fill in, tick, press: each gives the page, or what comes of it, back.
#[derive(Clone)]
pub struct Page {
    browser: Browser,
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    tokens: Vec<Token>,
    forms: Vec<Form>,
    form_action: Option<FormAction>,
}

#[derive(Clone, Debug)]
struct Form {
    id: String,
    action: String,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    kind: Kind,
    name: String,
    value: String,
    id: String,
    disabled: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Hidden,
    Checkbox { checked: bool },
    Radio { checked: bool },
    Select { options: Vec<String> },
    Button { form_action: Option<String>, account: Option<String> },
}

impl Page {
    pub(crate) fn new(browser: Browser, url: Url, answer: &Answer) -> Self {
        let body = answer.text();
        let tokens = if is_html(answer) { html::tokens(&body) } else { Vec::new() };
        let form_action = FormAction::of(&url, &policy_of(answer));
        let forms = forms(&tokens);
        let (status, headers) = (answer.status, answer.headers.clone());
        Self { browser, url, status, headers, body, tokens, forms, form_action }
    }

    /// The browser it is in.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The path of its address.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// One of its headers.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Its source.
    pub fn source(&self) -> &str {
        &self.body
    }

    /// Everything it says.
    pub fn text(&self) -> String {
        match self.tokens.iter().position(|token| token.opens("main")) {
            Some(main) => html::text_from(&self.tokens, main),
            None => self.body.clone(),
        }
    }

    /// Whether it says this.
    pub fn says(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// Its one heading.
    pub fn heading(&self) -> String {
        let headings: Vec<usize> = (0..self.tokens.len()).filter(|&index| self.tokens[index].opens("h1")).collect();
        assert_eq!(headings.len(), 1, "one h1: {}", self.text());
        html::text_from(&self.tokens, headings[0])
    }

    /// Whether there is an element of this id.
    pub fn has(&self, id: &str) -> bool {
        self.position(id).is_some()
    }

    /// What the element of this id says.
    pub fn text_of(&self, id: &str) -> String {
        let position = self.position(id).unwrap_or_else(|| panic!("there is no #{id}: {}", self.text()));
        html::text_from(&self.tokens, position)
    }

    /// The stable code of an error page.
    pub fn error_code(&self) -> String {
        self.text_of("error-code")
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.tokens.iter().position(|token| token.attribute("id") == Some(id))
    }

    /// The values of an attribute, in order.
    pub fn attributes(&self, name: &str) -> Vec<String> {
        self.tokens.iter().filter_map(|token| token.attribute(name)).map(str::to_owned).collect()
    }

    /// What the list items, or other elements, with this attribute say.
    pub fn texts_with(&self, attribute: &str) -> Vec<String> {
        let with = |index: &usize| self.tokens[*index].attribute(attribute).is_some();
        (0..self.tokens.len()).filter(with).map(|index| html::text_from(&self.tokens, index)).collect()
    }

    /// The values of the checkboxes of this name, in order.
    pub fn choices(&self, name: &str) -> Vec<String> {
        self.boxes(name).map(|field| field.value.clone()).collect()
    }

    /// The values of those that are ticked.
    pub fn ticked(&self, name: &str) -> Vec<String> {
        self.boxes(name)
            .filter(|field| field.kind == Kind::Checkbox { checked: true })
            .map(|field| field.value.clone())
            .collect()
    }

    /// The values of those that cannot be changed.
    pub fn fixed(&self, name: &str) -> Vec<String> {
        self.boxes(name).filter(|field| field.disabled).map(|field| field.value.clone()).collect()
    }

    fn boxes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        let named = move |field: &&Field| field.name == name && matches!(field.kind, Kind::Checkbox { .. });
        self.forms.iter().flat_map(|form| &form.fields).filter(named)
    }

    /// The choices of a select.
    pub fn options(&self, name: &str) -> Vec<String> {
        let field = self.forms.iter().flat_map(|form| &form.fields).find(|field| field.name == name);
        match field.map(|field| &field.kind) {
            Some(Kind::Select { options }) => options.clone(),
            _ => panic!("there is no select {name}"),
        }
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> String {
        let field = self.forms.iter().flat_map(|form| &form.fields).find(|field| field.name == name);
        field.unwrap_or_else(|| panic!("there is no field {name}: {}", self.text())).value.clone()
    }

    /// The accounts of the picker.
    pub fn accounts(&self) -> Vec<String> {
        self.attributes("data-account")
    }

    fn edit(mut self, what: &str, edit: impl Fn(&mut Field) -> bool) -> Self {
        let done = self
            .forms
            .iter_mut()
            .flat_map(|form| &mut form.fields)
            .filter_map(|field| edit(field).then_some(()))
            .count();
        assert!(done > 0, "{} has no {what}: {}", self.url, self.text());
        self
    }

    /// Writes into a field.
    #[must_use]
    pub fn fill(self, name: &str, value: &str) -> Self {
        self.edit(&format!("field {name}"), |field| {
            let fits = field.name == name && field.kind == Kind::Text;
            if fits {
                value.clone_into(&mut field.value);
            }
            fits
        })
    }

    /// Ticks a box.
    #[must_use]
    pub fn tick(self, name: &str, value: &str) -> Self {
        self.set(name, value, true)
    }

    /// Unticks a box.
    #[must_use]
    pub fn untick(self, name: &str, value: &str) -> Self {
        self.set(name, value, false)
    }

    /// Unticks every box of this name but these.
    #[must_use]
    pub fn tick_only(mut self, name: &str, values: &[&str]) -> Self {
        for choice in self.choices(name) {
            if !self.fixed(name).contains(&choice) {
                let ticked = values.contains(&choice.as_str());
                self = self.set(name, &choice, ticked);
            }
        }
        self
    }

    /// Ticks every box of this name.
    #[must_use]
    pub fn tick_all(self, name: &str) -> Self {
        let choices = self.choices(name);
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        self.tick_only(name, &choices)
    }

    fn set(self, name: &str, value: &str, ticked: bool) -> Self {
        self.edit(&format!("box {name}={value}"), |field| {
            let fits = field.name == name && field.value == value && matches!(field.kind, Kind::Checkbox { .. });
            if fits {
                assert!(!field.disabled, "{name}={value} cannot be changed");
                field.kind = Kind::Checkbox { checked: ticked };
            }
            fits
        })
    }

    /// Picks one of a select's or a radio group's choices.
    #[must_use]
    pub fn choose(self, name: &str, value: &str) -> Self {
        self.edit(&format!("choice {name}={value}"), |field| match &mut field.kind {
            Kind::Select { options } if field.name == name && options.iter().any(|option| option == value) => {
                value.clone_into(&mut field.value);
                true
            }
            Kind::Radio { checked } if field.name == name => {
                *checked = field.value == value;
                *checked
            }
            _ => false,
        })
    }

    /// What nobody does with a mouse: gives a field of every form any value, also one that it does not offer, or a new field.
    #[must_use]
    pub fn tamper(mut self, name: &str, value: &str) -> Self {
        for form in &mut self.forms {
            form.fields.retain(|field| field.name != name || matches!(field.kind, Kind::Button { .. }));
            let (name, value) = (name.to_owned(), value.to_owned());
            form.fields.push(Field { kind: Kind::Hidden, name, value, id: String::new(), disabled: false });
        }
        self
    }

    /// Presses the button of this id.
    pub async fn press(&self, id: &str) -> Visit {
        self.press_where(&format!("button #{id}"), |field| field.id == id).await
    }

    /// Presses the button of this name and value.
    pub async fn press_value(&self, name: &str, value: &str) -> Visit {
        self.press_where(&format!("button {name}={value}"), |field| field.name == name && field.value == value).await
    }

    /// Presses the button of an account in the picker.
    pub async fn pick(&self, email: &str) -> Visit {
        let fits =
            |field: &Field| matches!(&field.kind, Kind::Button { account: Some(account), .. } if account == email);
        self.press_where(&format!("account {email}"), fits).await
    }

    /// Presses the button beside an account in the picker that makes the browser forget it.
    pub async fn forget(&self, email: &str) -> Visit {
        let id = self.forms.iter().flat_map(|form| &form.fields).find_map(|field| match &field.kind {
            Kind::Button { account: Some(account), .. } if account == email => Some(field.value.clone()),
            _ => None,
        });
        let id = id.unwrap_or_else(|| panic!("{email} is not in the picker"));
        let forgets = |field: &Field| match &field.kind {
            Kind::Button { form_action: Some(action), .. } => field.value == id && action.ends_with("/forget"),
            _ => false,
        };
        self.press_where("forget", forgets).await
    }

    async fn press_where(&self, what: &str, fits: impl Fn(&Field) -> bool) -> Visit {
        let is_button = |field: &&Field| matches!(field.kind, Kind::Button { .. }) && fits(field);
        let found = self.forms.iter().find_map(|form| form.fields.iter().find(is_button).map(|button| (form, button)));
        let Some((form, button)) = found else {
            panic!("{} has no {what}: {}", self.url, self.text());
        };
        assert!(!button.disabled, "{what} cannot be pressed");
        let (url, body) = self.submission(form, button);
        self.browser.submit(&self.url, url, body, self.form_action.clone()).await
    }

    /// The form that pressing a button would send: where, and what. For replays.
    pub fn form_of(&self, id: &str) -> (String, String) {
        let form = self.forms.iter().find(|form| form.fields.iter().any(|field| field.id == id));
        let form = form.unwrap_or_else(|| panic!("{} has no button #{id}", self.url));
        let button = form.fields.iter().find(|field| field.id == id).expect("it was just found");
        let (url, body) = self.submission(form, button);
        (url.into(), body)
    }

    fn submission(&self, form: &Form, button: &Field) -> (Url, String) {
        let action = match &button.kind {
            Kind::Button { form_action: Some(action), .. } => action,
            _ => &form.action,
        };
        let url = self.url.join(action).unwrap_or_else(|error| panic!("{action}: {error}"));
        let sent = |field: &&Field| match &field.kind {
            Kind::Text | Kind::Hidden | Kind::Select { .. } => true,
            Kind::Checkbox { checked } | Kind::Radio { checked } => *checked,
            Kind::Button { .. } => false,
        };
        let mut pairs: Vec<(&str, &str)> = form
            .fields
            .iter()
            .filter(|field| !field.disabled)
            .filter(sent)
            .map(|field| (&*field.name, &*field.value))
            .collect();
        pairs.push((&button.name, &button.value));
        pairs.retain(|(name, _)| !name.is_empty());
        (url, encode(pairs))
    }

    /// Follows the link of this id.
    pub async fn follow(&self, id: &str) -> Visit {
        let position = self.position(id).unwrap_or_else(|| panic!("there is no #{id}: {}", self.text()));
        let href = self.tokens[position].attribute("href").unwrap_or_else(|| panic!("#{id} is no link"));
        self.browser.open(self.url.join(href).expect("a link leads somewhere").as_str()).await
    }
}

fn forms(tokens: &[Token]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut inside = false;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Close { name } if name == "form" => inside = false,
            Token::Open { name, .. } if name == "form" => {
                assert!(!inside, "a form in a form");
                assert_eq!(token.attribute("method"), Some("post"), "a form that is not posted");
                inside = true;
                forms.push(Form {
                    id: token.attribute("id").unwrap_or_default().to_owned(),
                    action: token.attribute("action").unwrap_or_default().to_owned(),
                    fields: Vec::new(),
                });
            }
            // It belongs to the form that it names, wherever it stands.
            Token::Open { .. } if token.attribute("form").is_some() => {}
            Token::Open { .. } if inside => {
                if let (Some(form), Some(field)) = (forms.last_mut(), field(tokens, index)) {
                    form.fields.push(field);
                }
            }
            _ => {}
        }
    }
    for (index, token) in tokens.iter().enumerate() {
        if let (Some(id), Some(field)) = (token.attribute("form"), field(tokens, index)) {
            let form = forms.iter_mut().find(|form| form.id == id);
            form.unwrap_or_else(|| panic!("there is no form #{id}")).fields.push(field);
        }
    }
    forms
}

fn field(tokens: &[Token], index: usize) -> Option<Field> {
    let token = &tokens[index];
    let Token::Open { name: tag, .. } = token else { return None };
    let attribute = |name: &str| token.attribute(name).unwrap_or_default().to_owned();
    let checked = token.attribute("checked").is_some();
    let (kind, value) = match tag.as_str() {
        "input" => match token.attribute("type") {
            Some("hidden") => (Kind::Hidden, attribute("value")),
            Some("checkbox") => (Kind::Checkbox { checked }, attribute("value")),
            Some("radio") => (Kind::Radio { checked }, attribute("value")),
            _ => (Kind::Text, attribute("value")),
        },
        "textarea" => match tokens.get(index + 1) {
            Some(Token::Text(text)) => (Kind::Text, text.clone()),
            _ => (Kind::Text, String::new()),
        },
        "select" => {
            let end =
                tokens[index..].iter().position(|token| matches!(token, Token::Close { name } if name == "select"));
            let inside = &tokens[index..index + end.unwrap_or(0)];
            let options = inside.iter().filter(|token| token.opens("option"));
            let chosen =
                options.clone().find(|option| option.attribute("selected").is_some()).or(options.clone().next());
            let value = chosen.and_then(|option| option.attribute("value")).unwrap_or_default().to_owned();
            let options = options.filter_map(|option| option.attribute("value")).map(str::to_owned).collect();
            (Kind::Select { options }, value)
        }
        "button" if token.attribute("type").is_none_or(|kind| kind == "submit") => {
            let form_action = token.attribute("formaction").map(str::to_owned);
            (
                Kind::Button { form_action, account: token.attribute("data-account").map(str::to_owned) },
                attribute("value"),
            )
        }
        _ => return None,
    };
    let disabled = token.attribute("disabled").is_some();
    Some(Field { kind, name: attribute("name"), value, id: attribute("id"), disabled })
}
