import { processorMilliseconds } from '@llm/testing/node';
import { expect, test } from 'vitest';
import { identifyLanguage } from './identify-language.ts';
import { languageFilter } from './language-filter.ts';


test.each([
  ['en', 'There is no reason to believe that this would have been any different if they had known.'],
  ['de', 'Es gibt keinen Grund zu glauben, dass es anders gewesen wäre, wenn sie davon gewusst hätten.'],
  ['fr', "Il n'y a pas de raison de croire que cela aurait été différent s'ils avaient su pour le bateau."],
  ['es', 'No hay ninguna razón para creer que esto habría sido diferente si ellos lo hubieran sabido.'],
  ['it', 'Non ci sono ragioni per credere che sarebbe stato diverso se lo avessero saputo anche gli altri.'],
  ['pt', 'Não há nenhuma razão para acreditar que isso teria sido diferente se eles já soubessem.'],
  ['nl', 'Er is geen reden om te geloven dat het anders zou zijn geweest als ze dit hadden geweten.'],
  ['sv', 'Det finns ingen anledning att tro att det hade varit annorlunda om de hade vetat något om detta.'],
  ['da', 'Der er ingen grund til at tro, at det ville have været anderledes, hvis hun ikke blev spurgt af nogle.'],
  ['nb', 'Det er ingen grunn til å tro at det ville vært annerledes hvis hun ikke ble spurt av noen etter det.'],
  ['fi', 'Ei ole mitään syytä uskoa, että se olisi ollut erilainen, jos hän olisi tiennyt siitä ennen.'],
  ['pl', 'Nie ma powodu, żeby wierzyć, że to się zmieni, jeśli oni o tym już wiedzą i nie są sami.'],
  ['cs', 'Není žádný důvod věřit, že by to bylo jiné, kdyby to oni věděli, ale může to být i tak.'],
  ['tr', 'Bunu daha önce bilselerdi her şeyin çok farklı olacağına inanmak için bir neden yok ve bu böyle.'],
  ['vi', 'Không có lý do gì để tin rằng điều này sẽ khác nếu họ đã biết về những người trong nhà.'],
  ['id', 'Tidak ada alasan untuk percaya bahwa ini akan berbeda karena mereka telah tahu dari itu.'],
  ['ro', 'Nu există niciun motiv să credem că ar fi fost altfel, dar este mai bine pentru cei care sunt aici și știu.'],
  ['hu', 'Nincs ok azt hinni, hogy ez más lett volna, ha már tudták volna, de nem is kell minden nagyon.'],
  ['ru', 'Нет причин считать, что это было бы иначе, если бы они знали об этом, но так и есть.'],
  ['uk', 'Немає причин вважати, що це було б інакше, якби вони про це знали, але так є і має бути.'],
  ['bg', 'Няма причина да се смята, че това ще бъде различно, ако те са знаели за него, но може и да е.'],
  ['zh', '没有理由相信，如果他们知道，情况会有所不同。'],
  ['ja', '彼らが知っていたら違っていただろうと信じる理由はない。'],
  ['ko', '그들이 알았더라면 달라졌을 것이라고 믿을 이유가 없다.'],
  ['ar', 'لا يوجد سبب للاعتقاد بأن الأمر كان سيختلف لو علموا'],
  ['fa', 'دلیلی ندارد که باور کنیم اگر می‌دانستند چیزی فرق می‌کرد'],
  ['el', 'Δεν υπάρχει λόγος να πιστεύουμε ότι θα ήταν διαφορετικά'],
  ['he', 'אין סיבה להאמין שזה היה שונה'],
  ['hi', 'यह मानने का कोई कारण नहीं है'],
  ['th', 'ไม่มีเหตุผลที่จะเชื่อเช่นนั้น'],
])('%s', (language, text) => {
  const found = identifyLanguage(text);
  expect(found.language).toBe(language);
  expect(found.score).toBeGreaterThan(0.5);
  expect(found.score).toBeLessThanOrEqual(1);
});

test('nothing to tell by, and little', () => {
  for (const text of ['', '12:30 — 14:00', '😀😀', '\ud800', 'xqz wrvk plmt']) expect(identifyLanguage(text)).toEqual({ language: 'und', score: 0 });
  expect(identifyLanguage('const the_value = array.map(fn); return array[0].prototype.length').score).toBeLessThan(0.65);
  expect(identifyLanguage('他说了一句「ありがとう」，然后就离开了这座他住了四十年的城市，再也没有回来过，我们后来听说他去了海边的一个小镇。').language).toBe('zh');
});

test('only the head of a text costs time', () => {
  const from = processorMilliseconds();
  identifyLanguage('the and '.repeat(1_000_000));
  expect(processorMilliseconds() - from).toBeLessThan(300);
});

test('the filter, with its own and with another identifier', () => {
  const filter = languageFilter({ languages: ['en', 'fr'] });
  const english = { id: 'a', text: 'It was one of the days that we will not forget.', meta: { n: 1 } };
  expect(filter.check(english)).toMatchObject({ keep: true, document: { meta: { n: 1, language: 'en', language_score: expect.any(Number) } } });
  expect(filter.check({ id: 'a', text: '今天' })).toEqual({ keep: false, reason: 'language_not_allowed', measured: 0, threshold: 1, comparison: 'min' });
  const unsure = languageFilter({ identify: () => ({ language: 'xx', score: 0.4 }) });
  expect(unsure.check(english)).toEqual({ keep: false, reason: 'language_score', measured: 0.4, threshold: 0.65, comparison: 'min' });
  expect(languageFilter({ minScore: 0.4, identify: () => ({ language: 'xx', score: 0.4 }) }).check(english).keep).toBe(true);
  expect(languageFilter({ minScore: 0, identify: () => ({ language: 'xx', score: Number.NaN }) }).check(english).keep).toBe(false);
  expect(() => languageFilter({ minScore: 2 })).toThrow(RangeError);
});
