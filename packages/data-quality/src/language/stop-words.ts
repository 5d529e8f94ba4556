/** Frequent short words of languages in Latin and Cyrillic script. A word that several languages share counts that much less. */
export const STOP_WORDS: Readonly<Record<string, string>> = {
  en: 'the of and to in is that it for was on are as with be this have from or at by not but you your which an were their they has will can if we all been there would more when',
  de: 'der die und das ist nicht ein eine zu den mit von sich auf für dem des im auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis kann sein wenn',
  fr: "le la les de des et est un une du en que qui dans pour pas au sur ne se ce il sont avec plus par aux ou cette être vous nous mais été leur ont ces votre elle fait son ses d'un",
  es: 'el la los de que y en un una es se no por con para las del al lo su como más pero sus este ha esta son entre cuando muy sin sobre también me hasta hay donde desde todo nos durante está ser',
  it: 'il di che è la e un una per non sono in del con si le da della lo gli nel al come più ma alla dei anche questo ha delle nella ed su essere se ci dal suo stato questa quando molto',
  pt: 'o de que e do da em um uma para é com não os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso são você',
  nl: 'de het een van en is dat in te niet zijn op met voor die aan er maar om ook als bij naar uit dan nog wel door over kan hij ze worden deze heeft dit wordt geen was moet je',
  sv: 'och att det i en som är av för på med den till inte har om de ett var jag från kan så men vid eller när ska man sig vi under också efter bara alla denna vara ingen måste',
  da: 'og at det i en som er af for på med den til ikke har om de et var jeg fra kan så men ved eller når skal man sig vi efter også kun denne dette være ingen blev hun nogle skulle blive hvad mig dig bliver mellem vores nu op ud nej meget andre hende hvordan mere lige',
  nb: 'og at det i en som er av for på med den til ikke har om de et var jeg fra kan så men ved eller når skal man seg vi etter også bare denne dette være ingen ble hun noen må bli hva meg deg blir mellom våre nå opp ut nei mye andre henne hvordan mer like enn',
  fi: 'ja on ei että se hän joka mutta oli ovat kun niin kuin tai myös ole vain olla sen jos mitä tämä voi siitä sitä ennen kanssa tämän nyt mukaan jo sekä',
  pl: 'i w nie na się jest to z że do o jak ale po od za co przez tak przy lub są dla tym jego być był oraz już czy może tylko można które który która ich ma',
  cs: 'a v je se na to že s z do o i ale jak po pro by od jsou jako za které který být byl co nebo tak podle při této může jen musí není až jeho',
  tr: 've bir bu da de için ile çok olarak daha ne gibi olan var ama en kadar sonra o değil her ya veya bunu olduğu ise ki tarafından mi',
  vi: 'và của là có không được cho một trong với các những người này đã để khi từ đến về như cũng ra hay phải nếu tại bạn',
  id: 'yang dan di ini itu dengan untuk dari dalam tidak akan pada adalah ke juga ada oleh sebagai bisa atau karena mereka telah saya harus dapat anda',
  ro: 'și de la în a nu cu pe o că un este care se din pentru mai sau sunt fi prin ca dar au fost ce lui acest această trebuie după',
  hu: 'a az és hogy nem is egy van ez meg csak volt de ha már mint vagy el még kell lehet nincs után azt minden nagyon meg olyan',
  ru: 'и в не на что с по это как к но из за у от так же для его то бы все был она они или вы мы если только быть до может при есть',
  uk: 'і в не на що з до це як за та від у для його але або так же був вона вони ви ми якщо має бути може при є й про цей із',
  bg: 'и в не на че с да се от е за са по като но до ще или това си бъде може при тя те ако вие как ли има само',
};

/** Letters that few languages write. */
export const TELLING_LETTERS: Readonly<Record<string, string>> = {
  de: 'äöüß', fr: 'éèêçàœù', es: 'ñáéíóú¿¡', it: 'èàùòì', pt: 'ãõçáéê', sv: 'åäö', da: 'åæø', nb: 'åæø', fi: 'äö', pl: 'łąęśżźćń', cs: 'řěůščžýá', tr: 'ığşçöü', vi: 'đơưạảấầếệịộủữ', ro: 'ășțâî', hu: 'őűáéöü',
  uk: 'іїєґ', ru: 'ыэё', bg: 'ъщ',
};
