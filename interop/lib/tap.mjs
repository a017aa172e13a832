// Cases, reported in the Test Anything Protocol: one line each, `ok - ...` or `not ok - ...`.

let cases = 0;
let failed = 0;

/** One case: passes unless its body throws. Answers what the body answered, or undefined. */
export async function test(name, body) {
  cases += 1;
  try {
    const answer = await body();
    console.log(`ok - ${name}`);
    return answer;
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}`);
    const words = `${error?.stack ?? error}${error?.cause ? `\ncaused by ${error.cause?.stack ?? error.cause}` : ''}`;
    for (const line of words.split('\n')) console.log(`# ${line}`);
    return undefined;
  }
}

/** One case that does not count, and why. */
export function skip(name, why) {
  cases += 1;
  console.log(`ok - ${name} # SKIP ${why}`);
}

/** Says how many cases there were, and ends. */
export function done() {
  console.log(`1..${cases}`);
  process.exit(failed === 0 ? 0 : 1);
}
