//! What is read again and again is kept in memory until the feed says that it changed.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Loads of keys that fall into different stripes do not disturb each other.
const STRIPES: usize = 64;

/// A bounded cache that never holds what was read before a change that has been told of.
///
/// A load takes time, and a change may be told of meanwhile: what the load brings is then used once and not kept.
pub struct Remembered<K, V> {
    cache: quick_cache::sync::Cache<K, (u64, V)>,
    /// How often everything was forgotten. What was kept under an earlier number is not there any more.
    age: AtomicU64,
    /// How often something of each stripe was told to have changed.
    stripes: Vec<Mutex<u64>>,
    /// How often something of any stripe was.
    told: AtomicU64,
    hasher: RandomState,
}

/// A moment before a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    age: u64,
    told: Count,
}

/// How often a change had been told of by then.
#[derive(Clone, Copy, Debug)]
enum Count {
    OfItsStripe(u64),
    OfAny(u64),
}

impl<K, V> Remembered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Remembers at most `capacity` things.
    pub fn new(capacity: usize) -> Self {
        Self {
            cache: quick_cache::sync::Cache::new(capacity),
            age: AtomicU64::new(0),
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            told: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }

    /// What is remembered of `key`.
    pub fn get(&self, key: &K) -> Option<V> {
        let (age, value) = self.cache.get(key)?;
        (age == self.age.load(SeqCst)).then_some(value)
    }

    /// What is remembered of `key`; when there is nothing, what `load` brings, and that is remembered.
    pub async fn get_or_load<E>(&self, key: K, load: impl AsyncFnOnce() -> Result<V, E>) -> Result<V, E> {
        match self.get(&key) {
            Some(value) => Ok(value),
            None => Box::pin(self.load(key, load)).await,
        }
    }

    /// The same of what may not be there. That it is not is not remembered: there is no end of things that do not exist.
    pub async fn get_or_find<E>(
        &self,
        key: K,
        find: impl AsyncFnOnce() -> Result<Option<V>, E>,
    ) -> Result<Option<V>, E> {
        match self.get(&key) {
            Some(value) => Ok(Some(value)),
            None => Box::pin(self.find(key, find)).await,
        }
    }

    /// What [`Self::get_or_load`] does, but only what is `worth` it is remembered.
    pub async fn get_or_load_if<E>(
        &self,
        key: K,
        worth: impl FnOnce(&V) -> bool,
        load: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        if let Some(value) = self.get(&key) {
            return Ok(value);
        }
        let before = self.before_load(&key);
        let value = load().await?;
        if worth(&value) {
            self.keep(key, value.clone(), before);
        }
        Ok(value)
    }

    /// What `load` brings, whatever is remembered; that is remembered from now on.
    pub async fn load<E>(&self, key: K, load: impl AsyncFnOnce() -> Result<V, E>) -> Result<V, E> {
        let before = self.before_load(&key);
        let value = load().await?;
        self.keep(key, value.clone(), before);
        Ok(value)
    }

    async fn find<E>(&self, key: K, find: impl AsyncFnOnce() -> Result<Option<V>, E>) -> Result<Option<V>, E> {
        let before = self.before_load(&key);
        let found = find().await?;
        if let Some(value) = &found {
            self.keep(key, value.clone(), before);
        }
        Ok(found)
    }

    /// Forgets one thing.
    pub fn forget(&self, key: &K) {
        if let Some(mut stripe) = self.stripe(key) {
            self.note_change(&mut stripe);
            self.cache.remove(key);
        }
    }

    /// Makes of what is remembered what it has become.
    pub fn amend(&self, key: &K, amend: impl FnOnce(&V) -> V) {
        if let Some(mut stripe) = self.stripe(key) {
            self.note_change(&mut stripe);
            if let Some((age, value)) = self.cache.get(key) {
                self.cache.insert(key.clone(), (age, amend(&value)));
            }
        }
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.age.fetch_add(1, SeqCst);
        self.cache.clear();
    }

    /// The moment before a load of `key`, for [`Self::keep`].
    pub(crate) fn before_load(&self, key: &K) -> Moment {
        let told = Count::OfItsStripe(self.stripe(key).map_or(0, |stripe| *stripe));
        Moment { age: self.age.load(SeqCst), told }
    }

    /// The moment before a load that brings what its key is, for [`Self::keep`].
    pub(crate) fn before_any_load(&self) -> Moment {
        Moment { age: self.age.load(SeqCst), told: Count::OfAny(self.told.load(SeqCst)) }
    }

    /// Remembers what was read since `before`, unless it may have been told to have changed meanwhile.
    pub(crate) fn keep(&self, key: K, value: V, before: Moment) {
        // Under the lock, so that no change can be told of between the look and the insertion.
        let Some(stripe) = self.stripe(&key) else { return };
        let unchanged = match before.told {
            Count::OfItsStripe(told) => *stripe == told,
            Count::OfAny(told) => self.told.load(SeqCst) == told,
        };
        if unchanged {
            self.cache.insert(key, (before.age, value));
        }
    }

    /// Under the lock of its stripe.
    fn note_change(&self, stripe: &mut u64) {
        *stripe = stripe.wrapping_add(1);
        self.told.fetch_add(1, SeqCst);
    }

    fn stripe(&self, key: &K) -> Option<MutexGuard<'_, u64>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % STRIPES as u64).unwrap_or(0);
        self.stripes.get(hash).map(|stripe| stripe.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K, V> fmt::Debug for Remembered<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn load(cache: &Remembered<u32, &'static str>, value: &'static str) -> &'static str {
        cache.get_or_load(1, async || Ok::<_, Infallible>(value)).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_loaded_is_not_loaded_again() {
        let cache = Remembered::new(10);
        assert_eq!(load(&cache, "old").await, "old");
        assert_eq!(load(&cache, "new").await, "old");
    }

    #[tokio::test]
    async fn what_is_forgotten_is_loaded_again() {
        let cache = Remembered::new(10);
        load(&cache, "old").await;
        cache.forget(&1);
        assert_eq!(load(&cache, "new").await, "new");
        cache.forget_all();
        assert_eq!(load(&cache, "newer").await, "newer");
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let forgetting: [fn(&Remembered<u32, &'static str>); 2] =
            [|cache| cache.forget(&1), |cache| cache.forget_all()];
        for forget in forgetting {
            let cache = Remembered::new(10);
            let slow = cache.get_or_load(1, async || {
                forget(&cache);
                Ok::<_, Infallible>("old")
            });
            assert_eq!(slow.await, Ok("old"));
            assert_eq!(load(&cache, "new").await, "new");
        }
    }

    #[test]
    fn what_was_read_before_its_key_was_known_is_kept_if_nothing_changed_meanwhile() {
        let changing: [fn(&Remembered<u32, &'static str>); 3] =
            [|cache| cache.forget(&1), |cache| cache.amend(&1, |_| "amended"), |cache| cache.forget_all()];
        for change in changing {
            let cache = Remembered::new(10);
            let before = cache.before_any_load();
            change(&cache);
            cache.keep(1, "old", before);
            assert_eq!(cache.get(&1), None);
            cache.keep(1, "new", cache.before_any_load());
            assert_eq!(cache.get(&1), Some("new"));
        }
    }

    #[tokio::test]
    async fn a_load_can_run_on_any_thread() {
        let cache = std::sync::Arc::new(Remembered::new(10));
        let task = tokio::spawn(async move { load(&cache, "value").await });
        assert_eq!(task.await.unwrap(), "value");
    }

    #[tokio::test]
    async fn what_is_amended_goes_on_as_what_it_became_and_what_is_loaded_anew_takes_its_place() {
        let cache = Remembered::new(10);
        cache.amend(&1, |_| "nothing to amend");
        assert_eq!(cache.get(&1), None);
        load(&cache, "old").await;
        cache.amend(&1, |old| if *old == "old" { "amended" } else { "wrong" });
        assert_eq!(load(&cache, "new").await, "amended");
        assert_eq!(cache.load(1, async || Ok::<_, Infallible>("new")).await, Ok("new"));
        assert_eq!(cache.get(&1), Some("new"));
    }

    #[tokio::test]
    async fn what_was_read_before_an_amendment_is_not_kept_after_it() {
        let cache = Remembered::new(10);
        let slow = cache.get_or_load(1, async || {
            cache.amend(&1, |_| "never");
            Ok::<_, Infallible>("old")
        });
        assert_eq!(slow.await, Ok("old"));
        assert_eq!(cache.get(&1), None);
    }

    #[tokio::test]
    async fn what_is_not_worth_it_is_not_remembered() {
        let cache = Remembered::new(10);
        let big = cache.get_or_load_if(1, |value: &&str| value.len() < 5, async || Ok::<_, Infallible>("too long"));
        assert_eq!(big.await, Ok("too long"));
        assert_eq!(cache.get(&1), None);
    }

    #[tokio::test]
    async fn what_is_found_is_remembered_and_what_is_not_there_is_not() {
        let cache = Remembered::new(10);
        let find = async |found: Option<&'static str>| cache.get_or_find(1, async || Ok::<_, Infallible>(found)).await;
        assert_eq!(find(None).await, Ok(None));
        assert_eq!(find(Some("there now")).await, Ok(Some("there now")));
        assert_eq!(find(None).await, Ok(Some("there now")));
        let late = cache.get_or_find(2, async || {
            cache.forget(&2);
            Ok::<_, Infallible>(Some("old"))
        });
        assert_eq!((late.await, cache.get(&2)), (Ok(Some("old")), None));
    }

    #[tokio::test]
    async fn a_failed_load_is_not_remembered() {
        let cache = Remembered::<u32, &str>::new(10);
        assert_eq!(cache.get_or_load(1, async || Err("no")).await, Err("no"));
        assert_eq!(load(&cache, "yes").await, "yes");
    }

    #[test]
    fn it_stays_within_its_bound() {
        let cache = Remembered::new(10);
        for key in 0..1_000_u32 {
            cache.keep(key, key, cache.before_load(&key));
        }
        assert!(cache.cache.len() <= 10);
    }
}
