/**
 * After each test file, its own clean-up included, nothing it started may keep the process alive: a timer that outlives
 * its owner is how a service grows until it dies. Timers, sockets, servers and child processes are followed from their
 * making to their end.
 */
import { createHook } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';

const GRACE_MS = 3_000;
const FOLLOWED = new Set(['Timeout', 'TCPSERVERWRAP', 'TCPWRAP', 'PIPEWRAP', 'PIPESERVERWRAP', 'PROCESSWRAP']);
const RUNNER = /jest-(circus|worker|runner|runtime|transform|haste-map)|@jest/;
/**
 * The client races its pre-key upload against a 30 s timer that it never clears (Socket/socket.js:391), and looks 8 s
 * after asking the phone for a message whether it came (Socket/messages-recv.js:82).
 */
const CLIENT = /uploadPreKeys|requestPlaceholderResend/;

export default class LeakEnvironment extends TestEnvironment {
  #failed = false;
  #alive = new Map();
  #hook = createHook({
    init: (id, type, _trigger, resource) => {
      if (!FOLLOWED.has(type)) return;
      // Who asked for it: the first frames outside node itself.
      const stack = (new Error().stack ?? '').split('\n').slice(2);
      const frames = stack.filter((frame) => !frame.includes('node:') && !frame.includes('leak-environment'));
      if (RUNNER.test(frames[0] ?? '')) return;
      if (CLIENT.test(frames.slice(0, 3).join())) setImmediate(() => resource.unref?.());
      else this.#alive.set(id, { type, madeAt: frames.join('\n'), resource });
    },
    destroy: (id) => void this.#alive.delete(id),
  });

  async handleTestEvent(event) {
    if (event.name === 'run_start') this.#hook.enable();
    // A failed test may well have left something; its own failure is what has to be seen.
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.#failed = true;
    if (event.name === 'run_finish' && !this.#failed) await this.#check();
  }

  async teardown() {
    this.#hook.disable();
    await super.teardown();
  }

  async #check() {
    const deadline = Date.now() + GRACE_MS;
    while (this.#leaks().length > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    this.#hook.disable();
    const left = this.#leaks().map(({ type, madeAt }) => `${type} made\n${madeAt}`);
    if (left.length > 0) throw new Error(`Left running after this file:\n${left.join('\n')}`);
  }

  #leaks() {
    return [...this.#alive.values()].filter(({ resource }) => resource.hasRef?.() ?? true);
  }
}
