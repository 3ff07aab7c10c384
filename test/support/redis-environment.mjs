/** Test files that are run a second time, on Redis: what they start keeps what it has there. */
import LeakEnvironment from './leak-environment.mjs';

export default class RedisEnvironment extends LeakEnvironment {
  async setup() {
    await super.setup();
    this.global.process.env.TEST_ENGINE = 'redis';
  }
}
