/** Scenarios: files of steps that people in the sandbox take, and of what is expected of whoever talks with them. */
export { listScenarios, loadScenario, parseScenario, ScenarioError } from './load.ts';
export { runScenario } from './run.ts';
export type { ScenarioReport, StepReport } from './run.ts';
export type { Scenario } from './scenario.ts';
