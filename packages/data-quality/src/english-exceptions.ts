/**
 * Strings that the English word rules treat as a whole: each maps to the words it is made of, most often itself alone.
 * Contractions are built from who takes which tail; abbreviations and emoticons are listed.
 */
export function englishExceptions(): Map<string, readonly string[]> {
  const table = new Map<string, readonly string[]>();
  const title = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const words = (list: string): string[] => list.split(' ');

  /** Each head with each tail, with its apostrophes and without, in lower case and with a capital. */
  const contract = (heads: string, tails: string): void => {
    for (const lower of words(heads)) {
      for (const head of [lower, title(lower)]) {
        for (const tail of words(tails)) {
          const parts = tail.split('+');
          for (const pieces of [parts, parts.map((part) => part.replace("'", ''))]) table.set(head + pieces.join(''), [head, ...pieces]);
        }
      }
    }
  };
  contract('i', "'m 'm+a");
  contract('i you he she it we they', "'ll 'll+'ve 'd 'd+'ve");
  contract('i you we they', "'ve");
  contract('you we they', "'re");
  contract('he she it', "'s");
  contract('who what when where why how there that this these those', "'ll 'll+'ve 'd 'd+'ve");
  contract('who what when where why how there that this', "'s");
  contract('who what when where why how there these those', "'re 've");
  contract('ca could do does did had may might must need ought sha should wo would', "n't n't+'ve");
  contract('could might must should would', "'ve");
  contract('ai are is was were have has dare', "n't");
  contract('not', "'ve");
  for (const lower of words('can+not gon+na got+ta')) for (const each of [lower, title(lower)]) table.set(each.replace('+', ''), each.split('+'));
  for (const each of words("let+'s Let+'s c'm+on C'm+on y'+all y+all how+'d+'y How+'d+'y")) table.set(each.replaceAll('+', ''), each.split('+'));
  for (const real of words('ill its hell shell shed were well whore')) {
    table.delete(real);
    table.delete(title(real));
  }
  for (let hour = 1; hour <= 12; hour++) for (const half of words('a.m. am p.m. pm')) table.set(`${hour}${half}`, [String(hour), half]);
  for (const unit of 'cfkCFK') table.set(`°${unit}.`, ['°', unit, '.']);

  const whole = (list: readonly string[]): void => list.forEach((each) => table.set(each, [each]));
  whole(words("doin goin nothin nuthin ol somethin lovin havin").flatMap((each) => [each, title(each), `${each}'`, `${title(each)}'`]));
  whole(words("em ll nuff 'em 'll 'nuff 'S 's ‘S ‘s 're 'd 'cause 'Cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout ma'am Ma'am o'clock O'clock and/or w/o"));
  whole(words('Ak. Ala. Ariz. Ark. Calif. Colo. Conn. Del. Fla. Ga. Ia. Id. Ill. Ind. Kan. Kans. Ky. La. Mass. Md. Mich. Minn. Miss. Mo. Mont. Neb. Nebr. Nev. Okla. Ore. Pa. Tenn. Va. Wash. Wis. N.C. N.D. N.H. N.J. N.M. N.Y. S.C. D.C.'));
  whole(words('Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec.'));
  whole(words('Adm. Bros. co. Co. Corp. Dr. Gen. Gov. Inc. Jr. Ltd. Messrs. Mr. Mrs. Ms. Mt. Ph.D. Prof. Rep. Rev. Sen. St. a.m. p.m. e.g. E.g. E.G. i.e. I.e. I.E. vs. v.s.'));
  whole([...'abcdefghijklmnopqrstuvwxyzäöü'].map((letter) => `${letter}.`));
  whole(["'", "''", '\\")', '<space>', 'C++', '—', '\\t', '\\n']);
  whole(words(":) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( :-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :()"));
  whole(words(':/ :-/ =/ =| :| :-| ]= =[ :1 :P :-P :p :-p :O :-O :o :-o :0 :-0 >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D'));
  whole(words('^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3'));
  whole(words('(^_^) (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>'));

  const curly = (text: string): string => text.replaceAll("'", '’');
  for (const [text, pieces] of table) if (text.includes("'")) table.set(curly(text), pieces.map(curly));
  return table;
}
