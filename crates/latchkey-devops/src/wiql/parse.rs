//! The grammar of queries. What a text names is looked up as it is read, so that behind it there is nothing left to check.

mod filter;
mod value;

use std::ops::Range;

use latchkey_jose::Timestamp;

use super::condition::Condition;
use super::moment::{self, OF_A_DAY, timestamp};
use super::token::{Token, tokens};
use super::{LONGEST_QUERY, MOST_SORTED_BY, Query, SortColumn, Surroundings, field_named, malformed, not_answered};
use crate::date;
use crate::error::{DevOpsError, Shown};
use crate::work_item::Field;
use value::Value;

/// Moments are told to the millisecond.
const OF_A_MILLISECOND: i64 = 1_000;

/// Reads a query.
pub(super) fn query(text: &str, surroundings: &Surroundings) -> Result<Query, DevOpsError> {
    if text.chars().count() > LONGEST_QUERY {
        return Err(not_answered(format!("A query has at most {LONGEST_QUERY} characters.")));
    }
    Reader { text, tokens: tokens(text)?, at: 0, depth: 0, conditions: 0, evers: 0, surroundings }.query()
}

/// A query as far as it is read.
struct Reader<'a> {
    text: &'a str,
    tokens: Vec<(Token<'a>, Range<usize>)>,
    at: usize,
    /// How deep parentheses and NOT lie in each other here.
    depth: usize,
    /// How many conditions there were.
    conditions: usize,
    /// How many of them ask for any moment of the past.
    evers: usize,
    surroundings: &'a Surroundings<'a>,
}

impl<'a> Reader<'a> {
    fn query(mut self) -> Result<Query, DevOpsError> {
        if !self.take_word("SELECT") {
            return Err(malformed("Expecting a SELECT statement.", self.cause()));
        }
        let mut selected = vec![self.field_name()?];
        while self.take_sign(",") {
            selected.push(self.field_name()?);
        }
        if !self.take_word("FROM") {
            return Err(malformed("TF51006: The query statement is missing a FROM clause.", self.cause()));
        }
        self.source()?;
        let mut columns: Vec<&Field> = Vec::new();
        for (name, cause) in selected {
            let field = field_named(name, cause)?;
            if !columns.contains(&field) {
                columns.push(field);
            }
        }
        let condition = if self.take_word("WHERE") { self.expression()? } else { Condition::All(Vec::new()) };
        let order = if self.take_word("ORDER") { self.order()? } else { Vec::new() };
        let as_of = if self.take_word("ASOF") { Some(self.as_of()?) } else { None };
        if self.is_word("MODE") {
            return Err(not_answered("MODE belongs to queries for links, which are not answered here."));
        }
        if *self.token() != Token::End {
            return Err(malformed("Expecting end of string.", self.cause()));
        }
        let precision = self.precision();
        Ok(Query { columns, condition, order, as_of, evers: self.evers, precision })
    }

    /// What moments are rounded down to.
    fn precision(&self) -> i64 {
        if self.surroundings.time_precision { OF_A_MILLISECOND } else { OF_A_DAY }
    }

    /// What is searched.
    fn source(&mut self) -> Result<(), DevOpsError> {
        if self.is_word("WorkItemLinks") {
            return Err(not_answered(
                "Queries for links (FROM WorkItemLinks) are not answered here. Ask FROM WorkItems, and read the relations of what is found.",
            ));
        }
        if self.take_word("WorkItems") {
            return Ok(());
        }
        Err(malformed("Expecting WorkItems behind FROM.", self.cause()))
    }

    fn order(&mut self) -> Result<Vec<SortColumn>, DevOpsError> {
        if !self.take_word("BY") {
            return Err(malformed("Expecting BY.", self.cause()));
        }
        let mut order: Vec<SortColumn> = Vec::new();
        loop {
            let (name, cause) = self.field_name()?;
            let field = field_named(name, cause)?;
            if !field.can_be_sorted_by() {
                return Err(malformed("The field cannot be used to sort the answer.", cause));
            }
            let descending = self.take_word("DESC");
            if !descending {
                self.take_word("ASC");
            }
            if order.iter().all(|by| by.field != field) {
                order.push(SortColumn { field, descending });
            }
            if order.len() > MOST_SORTED_BY {
                return Err(not_answered(format!("An answer is ordered by {MOST_SORTED_BY} fields at the most.")));
            }
            if !self.take_sign(",") {
                return Ok(order);
            }
        }
    }

    /// A moment, whatever the precision. One that was told to the millisecond means all of it.
    fn as_of(&mut self) -> Result<Timestamp, DevOpsError> {
        let from = self.at;
        let moment = match self.value()? {
            Value::Moment(moment) => timestamp(moment),
            Value::Text(text) => {
                let last = date::parse_last(&text).filter(|_| text.contains(':'));
                last.or_else(|| moment::literal(&text))
            }
            _ => None,
        };
        moment.ok_or_else(|| malformed("Expecting a date behind ASOF.", self.since(from)))
    }

    /// The name of a field, and how it is written.
    fn field_name(&mut self) -> Result<(&'a str, &'a str), DevOpsError> {
        let from = self.at;
        let (Token::Bracketed(name) | Token::Word(name)) = *self.token() else {
            return Err(malformed("Expecting field name.", self.cause()));
        };
        self.at += 1;
        if self.take_sign(".") {
            let _ = self.next();
            let cause = self.since(from);
            return Err(not_answered(format!(
                "Fields of the ends of links are part of queries for links, which are not answered here: {}.",
                Shown(cause)
            )));
        }
        Ok((name, self.since(from)))
    }

    /// The token that comes now.
    fn token(&self) -> &Token<'a> {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    /// Goes on behind the token that comes now.
    fn next(&mut self) -> Token<'a> {
        let token = self.token().clone();
        self.at = (self.at + 1).min(self.tokens.len());
        token
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(self.token(), Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let taken = self.is_word(keyword);
        self.at += usize::from(taken);
        taken
    }

    fn take_sign(&mut self, wanted: &str) -> bool {
        let taken = matches!(self.token(), Token::Sign(sign) if *sign == wanted);
        self.at += usize::from(taken);
        taken
    }

    /// The token that comes now, as it is written.
    fn cause(&self) -> &'a str {
        self.tokens.get(self.at).and_then(|(_, place)| self.text.get(place.clone())).unwrap_or_default()
    }

    /// What was read since a token, as it is written.
    fn since(&self, from: usize) -> &'a str {
        let start = self.tokens.get(from).map_or(self.text.len(), |(_, place)| place.start);
        let end = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |(_, place)| place.end);
        self.text.get(start..end).unwrap_or_default()
    }
}
