export type TaskKind = 'code' | 'translate' | 'summarize' | 'rewrite' | 'classify' | 'extract' | 'calculate' | 'compare' | 'list' | 'write' | 'explain' | 'question' | 'other';

/** In the order in which they are tried: what names a form (code, a translation) says more than what names an act (write, explain). */
const SIGNS: readonly (readonly [TaskKind, RegExp])[] = [
  ['code', /\b(?:python|javascript|typescript|java|c\+\+|sql|regex|html|css|bash|code|function|script|program|algorithm|debug)\b|代码|函数|编程|脚本|程序/i],
  ['translate', /\btranslat\w*|翻译|译成/i],
  ['summarize', /\b(?:summar\w*|tl;?dr|condense|abstract of)\b|总结|概括|摘要|归纳/i],
  ['rewrite', /\b(?:rewrite|rephrase|paraphrase|edit|proofread|correct the|improve the|simplify)\b|改写|润色|修改|重写|纠正/i],
  ['classify', /\b(?:classify|categori[sz]e|sentiment|label|identify (?:the|which|whether))\b|分类|归类|判断|情感/i],
  ['extract', /\b(?:extract|find all|pick out|highlight)\b|提取|抽取|找出/i],
  ['calculate', /\b(?:calculate|compute|solve|evaluate|how many|how much|what is \d)\b|计算|求解|解方程|多少/i],
  ['compare', /\b(?:compare|contrast|difference between|versus|vs)\b|比较|对比|区别/i],
  ['list', /\b(?:list|name (?:\d+|two|three|four|five|some|a few)|enumerate|brainstorm|give (?:me )?(?:\d+|two|three|four|five|some))\b|列出|列举|举出/i],
  ['write', /\b(?:write|compose|create|draft|generate|design|plan|make|produce)\b|写|撰写|创作|设计|制定|生成|编一/i],
  ['explain', /\b(?:explain|describe|discuss|define|outline|analy[sz]e|tell me|teach|elaborate|how do|how does|how can|how to)\b|解释|说明|描述|分析|介绍|阐述|讲讲|谈谈/i],
  ['question', /[?？]|^\s*(?:what|why|when|where|who|whom|which|how|is|are|was|were|do|does|did|can|could|should|would|will)\b|什么|为什么|怎么|如何|哪|谁|吗|是否/i],
];

/**
 * What kind of task an instruction asks for, by words of English and Chinese in its first 400 units; `other` where none is met.
 *
 * @example
 * ```ts
 * import { taskKind } from '@llm/data-quality';
 * console.assert(taskKind('把下面的句子翻译成英文') === 'translate' && taskKind('Why is the sky blue?') === 'question');
 * ```
 */
export function taskKind(instruction: string): TaskKind {
  const head = instruction.slice(0, 400);
  return SIGNS.find(([, sign]) => sign.test(head))?.[0] ?? 'other';
}

/** All kinds, `other` among them. */
export const TASK_KINDS: readonly TaskKind[] = [...SIGNS.map(([kind]) => kind), 'other'];
