// One line for each check, and the count at the end.

/** Counts checks: `check(name, good, detail)` prints one line, `group` catches what is thrown inside. */
export function createChecks() {
  let passed = 0;
  let failed = 0;
  const check = (name, good, detail = '') => {
    if (good) passed++;
    else failed++;
    console.log(`${good ? 'pass' : 'FAIL'}  ${name}${detail === '' ? '' : `  (${detail})`}`);
  };
  const group = async (name, run) => {
    console.log(`\n${name}`);
    try {
      await run();
    } catch (error) {
      check(`${name} ran to its end`, false, error instanceof Error ? error.message.split('\n').slice(0, 6).join(' ') : String(error));
    }
  };
  return { check, group, finish: () => {
    console.log(`\n${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0;
  } };
}
