import type { TaskConfig } from '../tasks/task-config.ts';
import type { TaskSelection } from '../yaml/task-library.ts';
import { ACC } from './shared.ts';

const SUBJECTS: Readonly<Record<string, string>> = {
  stem: 'abstract_algebra anatomy astronomy college_biology college_chemistry college_computer_science college_mathematics college_physics computer_security conceptual_physics electrical_engineering elementary_mathematics '
    + 'high_school_biology high_school_chemistry high_school_computer_science high_school_mathematics high_school_physics high_school_statistics machine_learning',
  other: 'business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology',
  social_sciences: 'econometrics high_school_geography high_school_government_and_politics high_school_macroeconomics high_school_microeconomics high_school_psychology human_sexuality professional_psychology public_relations '
    + 'security_studies sociology us_foreign_policy',
  humanities: 'formal_logic high_school_european_history high_school_us_history high_school_world_history international_law jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory professional_law '
    + 'world_religions',
};

const subjectTask = (subject: string, field: string): TaskConfig => ({
  task: `mmlu_${subject}`, taskAlias: subject, tag: `mmlu_${field}_tasks`, datasetPath: 'cais/mmlu', datasetName: subject, outputType: 'multiple_choice', testSplit: 'test', fewshotSplit: 'dev',
  fewshotConfig: { sampler: 'first_n' },
  description: `The following are multiple choice questions (with answers) about ${subject.replaceAll('_', ' ')}.\n\n`,
  docToText: `{{question.strip()}}\n${['A', 'B', 'C', 'D'].map((letter, i) => `${letter}. {{choices[${i}]}}\n`).join('')}Answer:`,
  docToChoice: ['A', 'B', 'C', 'D'], docToTarget: 'answer', metricList: [ACC], metadata: { version: 1 },
});

/**
 * MMLU: 57 subjects in four fields, answered by letter, after the first examples of the split `dev` where some are asked for (the paper
 * takes five). Documents have question, choices, answer. Hendrycks et al. 2021, https://arxiv.org/abs/2009.03300
 */
export function mmlu(): TaskSelection {
  const fields = Object.entries(SUBJECTS).map(([field, subjects]) => ({ field, subjects: subjects.split(' ') }));
  const average = { aggregateMetricList: [{ metric: 'acc', weightBySize: true }], metadata: { version: 2 } };
  return {
    tasks: fields.flatMap(({ field, subjects }) => subjects.map((subject) => subjectTask(subject, field))),
    groups: [
      { ...average, group: 'mmlu', tasks: fields.map(({ field }) => `mmlu_${field}`) },
      ...fields.map(({ field, subjects }) => ({ ...average, group: `mmlu_${field}`, groupAlias: field.replaceAll('_', ' '), tasks: subjects.map((subject) => `mmlu_${subject}`) })),
    ],
  };
}
