//! Work items: the list, and one of them with its history.

use std::collections::BTreeMap;

use latchkey_devops::access::{Action, ProjectAccess};
use latchkey_devops::ids::{AppId, PersonId};
use latchkey_devops::work_item::field::{self, FieldType};
use latchkey_devops::work_item::{
    Comment, Field, FieldChange, FieldValue, Link, LinkType, TextFormat, Update, WorkItem,
};
use latchkey_identity::client::ClientId;
use latchkey_store::{Store, StoreError};

use super::people::Names;
use super::plain_text;
use super::problem::Problem;
use super::project::InProject;
use super::visit::{Answer, Visit, moment};
use crate::pages::work_items::{
    WorkItem as WorkItemPage, WorkItemComment, WorkItemLink, WorkItemRevision, WorkItemRow, WorkItems,
};

/// How many work items are listed.
const MOST_LISTED: u32 = 200;
/// How many comments and revisions are shown.
const MOST_SHOWN: u32 = 200;

/// `GET /{organization}/{project}/_workitems`
pub(super) async fn list(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let access = here.may(&visit, Action::ReadWorkItems)?;
    let store = &visit.app.store;
    let items = store.work_items_of_project(&access, MOST_LISTED, 0).await?;
    let mut names = Names::default();
    names.learn(store, items.iter().filter_map(assigned_to).collect()).await?;
    let row = |item: &WorkItem| WorkItemRow {
        id: item.id,
        kind: item.kind.name().to_owned(),
        title: item.text(field::TITLE).to_owned(),
        state: item.text(field::STATE).to_owned(),
        assigned_to: assigned_to(item).map(|person| names.known(person).to_owned()),
        changed: visit.ago(item.changed_at),
    };
    visit.show(&WorkItems { frame: visit.frame(), at: here.at(), rows: items.iter().map(row).collect() })
}

fn assigned_to(item: &WorkItem) -> Option<PersonId> {
    match item.fields.value(field::ASSIGNED_TO) {
        Some(FieldValue::Identity(person)) => Some(*person),
        _ => None,
    }
}

/// `GET /{organization}/{project}/_workitems/edit/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let access = here.may(&visit, Action::ReadWorkItems)?;
    let store = &visit.app.store;
    let id = visit.part("id").parse().map_err(|_| Problem::NotFound)?;
    let found = store.work_item(access.organization(), id).await?;
    let item = found.and_then(|found| found.prove(&access)).ok_or(Problem::NotFound)?;
    let comments = comments(store, &access, id).await?;
    let revisions = store.revisions(&access, id, 0, MOST_SHOWN).await?;
    let through = services(store, store.revisions_through(&access, id, MOST_SHOWN).await?).await?;
    let mut names = Names::default();
    let spoken_of = revisions.iter().chain([&*item]).flat_map(WorkItem::people);
    names.learn(store, spoken_of.chain(comments.iter().map(|comment| comment.created_by)).collect()).await?;
    visit.show(&WorkItemPage {
        frame: visit.frame(),
        at: here.at(),
        id,
        kind: item.kind.name().to_owned(),
        title: item.text(field::TITLE).to_owned(),
        fields: fields(&item, &names),
        description: written(&item, field::DESCRIPTION),
        links: links(&visit, &here, &item).await?,
        comments: comments.iter().map(|comment| said(comment, &names)).collect(),
        revisions: history(&revisions, &through, here.project.name.as_str(), &names),
    })
}

/// The comments that stand, the oldest first.
async fn comments(store: &Store, access: &ProjectAccess, item: i64) -> Result<Vec<Comment>, StoreError> {
    let mut comments = store.comments(access, item, None, MOST_SHOWN).await?;
    comments.retain(|comment| !comment.deleted);
    comments.reverse();
    Ok(comments)
}

fn said(comment: &Comment, names: &Names) -> WorkItemComment {
    let text = match comment.format {
        TextFormat::Html => plain_text::of_html(&comment.text),
        TextFormat::Markdown => comment.text.clone(),
    };
    WorkItemComment { by: names.known(comment.created_by).to_owned(), at: moment(comment.created_at), text }
}

/// What a field of many lines says, as text.
fn written(item: &WorkItem, name: &'static str) -> String {
    let text = item.text(name);
    if item.markdown_fields.contains(name) { text.to_owned() } else { plain_text::of_html(text) }
}

/// The fields that have values, in the order of the field table, by the names that people know.
fn fields(item: &WorkItem, names: &Names) -> Vec<(String, String)> {
    let elsewhere = [field::TITLE, field::DESCRIPTION];
    let shown = field::FIELDS.iter().filter(|field| !elsewhere.contains(&field.reference_name));
    let value = |field: &Field| {
        let value = item.fields.value(field.reference_name)?;
        let text = match (field.kind, value) {
            (FieldType::Html, FieldValue::Text(_)) => written(item, field.reference_name),
            (_, value) => in_words(value, names),
        };
        Some((field.name.to_owned(), text))
    };
    shown.filter_map(value).collect()
}

fn in_words(value: &FieldValue, names: &Names) -> String {
    match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Double(number) => number.to_string(),
        FieldValue::DateTime(at) => moment(*at).in_words().to_string(),
        FieldValue::Identity(person) => names.known(*person).to_owned(),
    }
}

/// Links to other items that the person may see; of those that they may not see, not even the title is shown.
async fn links(visit: &Visit, here: &InProject, item: &WorkItem) -> Result<Vec<WorkItemLink>, Problem> {
    let access = here.may(visit, Action::ReadWorkItems)?;
    let targets: Vec<(LinkType, i64)> = item
        .relations
        .iter()
        .filter_map(|relation| match relation.link {
            Link::WorkItem { kind, target } => Some((kind, target)),
            Link::Hyperlink(_) | Link::Artifact(_) => None,
        })
        .collect();
    let ids: Vec<i64> = targets.iter().map(|(_, id)| *id).collect();
    let found = visit.app.store.work_items(access.organization(), &ids).await?;
    let seen: Vec<WorkItem> = found.into_iter().filter_map(|found| found.prove(&access)).collect();
    let link = |(kind, id): (LinkType, i64)| {
        let title = seen.iter().find(|item| item.id == id)?.text(field::TITLE).to_owned();
        Some(WorkItemLink { relation: kind.name().to_owned(), id, title })
    };
    Ok(targets.into_iter().filter_map(link).collect())
}

/// The names of the services through which revisions came.
async fn services(store: &Store, through: BTreeMap<i64, AppId>) -> Result<BTreeMap<i64, String>, StoreError> {
    let mut names = BTreeMap::new();
    for (revision, app) in through {
        names.insert(revision, service(store, app).await?);
    }
    Ok(names)
}

/// The name of a service, for the history of what came through it.
pub(super) async fn service(store: &Store, app: AppId) -> Result<String, StoreError> {
    let client = store.client(ClientId(app.0)).await?;
    Ok(client.map_or_else(|| "a service that is gone".to_owned(), |client| client.name.clone()))
}

/// How an item came to be what it is, the newest first. `revisions` are the oldest first.
fn history(
    revisions: &[WorkItem],
    through: &BTreeMap<i64, String>,
    project: &str,
    names: &Names,
) -> Vec<WorkItemRevision> {
    let before = std::iter::once(None).chain(revisions.iter().map(Some));
    let revision = |(old, new): (Option<&WorkItem>, &WorkItem)| WorkItemRevision {
        number: new.rev,
        by: names.known(new.changed_by).to_owned(),
        service: through.get(&new.rev).cloned(),
        at: moment(new.changed_at),
        changes: match old {
            None => vec!["Created".to_owned()],
            Some(_) => changes(&Update::between(old, new, project), names),
        },
    };
    let mut shown: Vec<WorkItemRevision> = before.zip(revisions).map(revision).collect();
    shown.reverse();
    shown
}

fn changes(update: &Update, names: &Names) -> Vec<String> {
    let bookkeeping = [field::REV, field::CHANGED_DATE, field::CHANGED_BY, field::STATE_CHANGE_DATE];
    let told = update.fields.iter().filter(|change| !bookkeeping.contains(&change.field));
    let mut changes: Vec<String> = told.map(|change| changed(change, names)).collect();
    changes.extend(update.relations_added.iter().map(|relation| format!("Link added: {}", leads_to(&relation.link))));
    changes
        .extend(update.relations_removed.iter().map(|relation| format!("Link removed: {}", leads_to(&relation.link))));
    changes
}

fn changed(change: &FieldChange, names: &Names) -> String {
    let field = Field::find(change.field);
    let name = field.map_or(change.field, |field| field.name);
    if field.is_some_and(|field| matches!(field.kind, FieldType::Html | FieldType::History)) {
        return format!("{name} changed");
    }
    let words = |value: &Option<FieldValue>| value.as_ref().map(|value| in_words(value, names));
    match (words(&change.old), words(&change.new)) {
        (Some(old), Some(new)) => format!("{name}: {old} to {new}"),
        (None, Some(new)) => format!("{name}: {new}"),
        (Some(old), None) => format!("{name}: no longer {old}"),
        (None, None) => name.to_owned(),
    }
}

fn leads_to(link: &Link) -> String {
    match link {
        Link::WorkItem { kind, target } => format!("{} #{target}", kind.name()),
        Link::Hyperlink(url) | Link::Artifact(url) => url.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<FieldValue> {
        Some(FieldValue::Text(text.into()))
    }

    #[test]
    fn a_change_is_told_by_the_name_that_people_know() {
        let names = Names::default();
        let told = |field, old, new| changed(&FieldChange { field, old, new }, &names);
        assert_eq!(told(field::STATE, text("New"), text("Active")), "State: New to Active");
        assert_eq!(told(field::TAGS, None, text("a; b")), "Tags: a; b");
        assert_eq!(told(field::TAGS, text("a"), None), "Tags: no longer a");
        assert_eq!(told(field::DESCRIPTION, text("<b>long</b>"), text("longer")), "Description changed");
    }

    #[test]
    fn a_moment_in_a_field_reads_as_all_moments_do() {
        let at = FieldValue::DateTime(latchkey_identity::Timestamp::from_secs(1_772_546_700));
        assert_eq!(in_words(&at, &Names::default()), "3 March 2026, 14:05 UTC");
    }
}
