/** Puts itself in its own place once, with an option; the second run tells what it finds. */
import { replaceProcess } from '#native';

const [, script, former] = process.argv;
if (former === undefined) {
  let refused;
  try {
    replaceProcess({ arguments: ['/nowhere/at-all'] });
  } catch ({ code, syscall, message }) {
    refused = { code, syscall, message };
  }
  const arguments_ = [process.execPath, '--single-threaded', script, JSON.stringify({ pid: process.pid, refused })];
  replaceProcess({ arguments: arguments_ });
} else {
  const { pid, refused } = JSON.parse(former);
  process.stdout.write(JSON.stringify({ samePid: pid === process.pid, refused, execArgv: process.execArgv }));
}
