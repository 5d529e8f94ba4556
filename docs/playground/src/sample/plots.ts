/**
 * A plot is a list of beats, and of each beat one sentence is told. In a sentence `[a|b]` is one of a few ways to say it and
 * `{name}` what the story has decided on: {hero} and {he} {him} {his}, {friend} and {fhe} {fhim} {fhis}, and the words of words.ts.
 */
export type Plot = readonly (readonly string[])[];

const OPENING: readonly string[] = [
  '{hero} lived {place}.', '{hero} was a {job} and lived {place}.', 'Once there was a {job} named {hero} who lived {place}.',
  '{place} there lived a {job} whose name was {hero}.', '{hero} and {friend} were neighbours and lived {place}.',
];
const HABIT: readonly string[] = [
  'Every [morning|evening] {he} looked at {sight}.', 'From {his} window {he} could see {sight}.', 'On [clear|quiet] days {he} liked to sit outside and look at {sight}.',
  '{he} worked hard, and in the evening {he} [ate|shared] {food} with {friend}.', '{his} best friend was {friend}, who was a {fjob}.',
];
const ENDING: readonly string[] = [
  'That night {hero} slept [well|very well].', '{he} went home [slowly|with a light heart], and the stars came out one by one.', '{hero} and {friend} ate {food} together and talked until it was dark.',
  'From that day on they were [good friends|never far from each other].', '{hero} often thought of that day and smiled.', 'And when people asked about it, {he} only laughed and [put the kettle on|shook {his} head].',
];

const lost: Plot = [
  OPENING, HABIT,
  ['{he} had {a look} {thing} that [had belonged to|came from] {his} grandmother.', 'Of all {his} things {he} loved {a look} {thing} the most.'],
  ['One [morning|day] the {thing} was gone.', 'One [grey|cold] morning {he} could not find the {thing}.', 'Then, one day, the {thing} was not in its place.'],
  ['{he} looked under the bed, behind the door and in every pocket.', '{he} looked in the kitchen and in the garden, but it was not there.', '{he} turned the whole house upside down and found only dust.'],
  ['"[Do not worry|Do not cry]," said {friend}. "We will look for it together."', '{friend} came at once and said, "Tell me where you had it last."', '"When did you see it last?" asked {friend}.'],
  ['They walked back along the road, step by step, and looked at the ground.', 'They asked the {job2}, but the {job2} had not seen it.', 'They looked for it all [day|afternoon], until their feet were tired.'],
  ['At last {friend} saw something shine in the [grass|nest of a crow|mud]. It was the {thing}!', 'Then {hero} put a hand into {his} old coat, and there was the {thing}.', 'In the end it was {a animal} that found the {thing} under a bush.'],
  ['{hero} held the {thing} in both hands and thanked {friend}.', '{hero} was so glad that {he} [danced|laughed aloud].', '"Thank you," said {hero}. "I could not have found it alone."'],
  ENDING,
];

const storm: Plot = [
  OPENING, HABIT,
  ['One night a great storm came [from the sea|over the hills].', 'In the autumn a storm came, and the wind was louder than anyone could remember.', 'Then, one evening, the sky turned black and the wind began to blow.'],
  ['The rain fell all night long, and nobody could sleep.', 'The windows shook, and {hero} lay awake and listened.', '{hero} lit a candle and waited for the morning.'],
  ['In the morning {broken} was broken.', 'When the sun came up, everyone saw that {broken} was broken.', 'The next day {friend} came running and said that {broken} was broken.'],
  ['"What shall we do now?" asked {friend}.', '"It will take weeks to mend," said the {job2} sadly.', 'Some people were angry, and some people only looked at the ground.'],
  ['"We will mend it ourselves," said {hero}.', '{hero} rolled up {his} sleeves and said, "Let us begin."', '"If we all help, it will be done by [Sunday|the end of the week]," said {hero}.'],
  ['They brought {tools}, and everyone helped.', '{friend} brought {tools}, and the {job2} brought {food} for all.', 'Soon people came with {tools} from every house.'],
  ['They worked for three days, and on the third day it was finished.', 'When one was tired, another took the hammer.', 'The children carried the small things, and the old people told them how.'],
  ['Now {broken} was [stronger|better] than before.', 'It was not as beautiful as before, but it was strong.', 'When the next storm came, it held.'],
  ENDING,
];

const gift: Plot = [
  OPENING, HABIT,
  ['It was the birthday of {friend}, and {hero} had no gift.', '{friend} was ill and had to stay in bed for a long time.', '{friend} was sad, because {fhis} brother had gone away.'],
  ['{hero} wanted to give {fhim} something, but {he} had no money.', '"What would make {fhim} happy?" {hero} asked {reflexive}.', '{hero} thought about it the whole day.'],
  ['{he} took {a look} {thing} and [cleaned|painted|mended] it until it was as good as new.', 'In {his} house {he} found {a look} {thing} and a piece of red paper.', '{he} went to the market and changed {his} best hat for {a look} {thing}.'],
  ['It took a long time, and it was not easy.', 'Twice it went wrong, and twice {he} began again.', '{he} worked by the light of a candle until late at night.'],
  ['On the way {he} met {a animal}, which walked beside {him} all the way.', 'On the way it began to rain, so {he} put the {thing} under {his} coat.', 'In the morning {he} carried the {thing} through the snow to the house of {friend}.'],
  ['{friend} opened the door and [could not speak for joy|began to smile].', '"For me?" asked {friend}, and {fhis} eyes were bright.', '{friend} looked at the {thing} for a long time.'],
  ['"It is the best gift I ever had," {fhe} said.', '"You made this with your own hands," {fhe} said. "I will keep it for ever."', '"Sit down and have some {food}," {fhe} said, and they sat by the fire.'],
  ENDING,
];

const garden: Plot = [
  OPENING, HABIT,
  ['In the spring {hero} put a {plant} into the ground behind the house.', '{friend} gave {hero} a seed and said, "This will be a {plant} one day."', '{hero} had never grown anything, but now {he} wanted to grow a {plant}.'],
  ['{he} gave it water every morning and spoke to it kindly.', '{he} waited one week, and two weeks, and nothing happened.', 'Every day {he} went out to look, and every day there was only earth.'],
  ['"You must be patient," said {friend}.', '"Good things take time," said the old {job2}.', '"Perhaps it is asleep," said {friend}, and they both laughed.'],
  ['One morning there was a green leaf, no bigger than a [thumb|coin].', 'Then, after a warm rain, a small green leaf came out of the ground.'],
  ['But one night {a animal} came and ate half of it.', 'But in May the nights turned cold again, and there was ice on the ground.', 'But then there was no rain for a month, and the leaves began to hang down.'],
  ['{hero} put a little fence around it and sat beside it all night.', '{hero} carried water from the well, twenty times a day.', '{hero} covered it with {his} own blanket.'],
  ['By the end of the summer it was taller than {hero}.', 'In the autumn it was the biggest {plant} in the village.', 'It grew and grew, until the neighbours came to look.'],
  ['There was enough for everyone, and {hero} kept one seed for the next year.', '{hero} shared it with {friend} and with everyone who came.', '"It was worth the wait," said {hero}.'],
  ENDING,
];

const animal: Plot = [
  OPENING, HABIT,
  ['One [rainy|cold|windy] evening {hero} heard a soft sound at the door.', 'On the way home {hero} saw something move under a hedge.', 'Early one morning {hero} found a box in front of the house.'],
  ['It was {a animal}, and it was cold and [hungry|wet].', 'There sat {a animal} with a hurt leg.', 'It was {a animal}, so small that it fitted into one hand.'],
  ['"Where do you come from?" asked {hero}, but the {animal} only looked at {him}.', '{hero} carried the {animal} inside and made a bed for it near the fire.', '{hero} gave the {animal} some warm milk and a corner of the blanket.'],
  ['For three days {he} took care of it, and it grew stronger.', '{friend} came every day and brought something to eat.', 'At night the {animal} slept beside the bed and snored.'],
  ['"It must belong to someone," said {friend}.', '"It wants to go home," said {friend}. "Look how it stands at the window."', 'Then {hero} heard that the {job2} had lost {a animal}.'],
  ['{hero} was sad, but {he} knew what was right.', '{hero} did not want to let it go, but {he} took it in {his} arms and went out.', '{he} thought about it all night, and in the morning {he} knew what to do.'],
  ['{he} brought the {animal} back, and it ran home as fast as it could.', 'They walked to the edge of the forest and opened the basket.', 'The {job2} cried with joy and said, "You may come and see it whenever you like."'],
  ['After that the {animal} came to visit every [week|Sunday].', 'Sometimes, in the evening, {hero} still saw it far away in the field.', 'And in the spring it came back with three little ones.'],
  ENDING,
];

const learning: Plot = [
  OPENING, HABIT,
  ['More than anything, {hero} wanted to learn to {skill}.', '{friend} could {skill}, and {hero} could not.', 'Everyone in the village could {skill}, but {hero} had never learned it.'],
  ['The first time {he} tried, {tried}.', '{he} tried it in secret, and {tried}.'],
  ['The children laughed, and {hero} went home with red ears.', '"I will never learn it," said {hero}.', '{hero} was so angry that {he} [kicked a stone|shut the door with a bang].'],
  ['"Nobody can do it on the first day," said {friend}. "Try again tomorrow."', '"I fell a hundred times," said {friend}, "and you have only fallen once."', 'Then {friend} said, "I will show you, if you want."'],
  ['So they met every day after work, and {hero} tried again.', 'So {he} got up early and tried again, while the others were asleep.', '{friend} was patient and never laughed.'],
  ['Slowly, very slowly, it became easier.', 'One day it was bad, the next day it was a little better.', 'After a month {he} made only small mistakes.'],
  ['Then came the day when {hero} could {skill} {event}.', 'And {event} {hero} showed everyone that {he} could {skill}.'],
  ['Everyone clapped, and {friend} clapped the loudest.', '"You see?" said {friend}.', '{hero} looked at {friend} and bowed.'],
  ENDING,
];

const sound: Plot = [
  OPENING, HABIT,
  ['One night {hero} was woken by a sound.', 'It was a dark night without a moon when {hero} heard something.', 'One evening, when the fire was low, there was a sound.'],
  ['It was {sound}.', 'First it was quiet, and then it came again: {sound}.'],
  ['"That must be {fear}," thought {hero} and pulled the blanket over {his} head.', '{hero} thought of {fear}, and {his} heart beat fast.', '"Is it {fear}?" whispered {hero}.'],
  ['The next night it came again, and nobody could sleep.', 'In the morning {he} told {friend}, and {friend} had heard it too.', '{he} ran to the house of {friend} and knocked at the window.'],
  ['"There is only one way to find out," said {friend} and took a lamp.', '"I am afraid too," said {friend}, "but two are braver than one."', 'So they took a lamp and a long stick and went out into the dark.'],
  ['They went slowly, one step after the other, and held hands.', 'The lamp made long shadows on the wall.', 'The sound came nearer and nearer.'],
  ['Then {friend} lifted the lamp, and they saw it: {cause}.', 'And what did they find? It was only {cause}.'],
  ['They laughed so loudly that a window opened and someone told them to be quiet.', '"So that was our monster," said {hero}.', '{hero} felt [silly|brave] and glad at the same time.'],
  ENDING,
];

const journey: Plot = [
  OPENING,
  ['One day {hero} had to bring {a look} {thing} to {his} aunt, who lived far away.', 'A letter came, and it said that the old {job2} needed {a look} {thing} before the winter.', '{hero} promised to carry {a look} {thing} to the town behind the mountains.'],
  ['{he} put {food} into a bag, said goodbye to {friend} and went.', '{friend} gave {him} {food} for the way and waved for a long time.', '{he} got up before the sun and closed the door softly.'],
  ['The first day was easy, and {he} sang while {he} walked.', 'At first the road was wide and the sun was warm.', 'The road went up and down, and {his} feet began to hurt.'],
  ['Then a thick fog came, and {he} could not see {his} own hands.', 'Then {he} came to a river, and the bridge was gone.', 'Then the road ended at a gate, and the gate was locked.'],
  ['{he} sat down on a stone and did not know what to do.', '"Shall I turn back?" {he} asked {reflexive}.', '{he} ate the last of the {food} and thought.'],
  ['A {job3} came by and said, "Come with me, I know a way."', 'Then {a animal} ran past, stopped, and looked back as if it wanted to show the way.', 'An old woman came out of a little house and asked where {he} was going.'],
  ['So {he} went along a path that was not on any map.', 'They went through the forest, and soon {he} could see the lights of the town.', '{he} said thank you and gave away half of {his} bread.'],
  ['In the evening of the third day {he} arrived, and the {thing} was safe.', 'At last {he} knocked at the door and put the {thing} on the table.'],
  ['"You came all this way on foot?" they asked, and gave {him} the chair beside the fire.', '{he} stayed for a week and told the story many times.', 'The way home was long too, but it did not feel long.'],
  ENDING,
];

const sharing: Plot = [
  OPENING, HABIT,
  ['It was a hard winter, and there was little to eat.', 'One evening {hero} had only one bowl of {food} left.', 'That year the harvest was small, and the bread was thin.'],
  ['Then there was a knock at the door.', '{he} was just about to eat when someone knocked.', 'Outside it was snowing, and a voice called.'],
  ['It was a {job3} who had lost the way.', 'There stood {friend} with two hungry children.', 'It was an old man with {a animal} under his coat.'],
  ['"Come in," said {hero}. "There is not much, but there is enough for all of us."', '{hero} thought for a moment, and then {he} opened the door wide.', '{hero} put another spoon on the table and moved closer to the wall.'],
  ['They shared the {food}, and somehow everyone had enough.', 'They ate slowly and told stories, and nobody was hungry any more.', 'The guest ate, slept by the fire, and left before the morning.'],
  ['The next day there was a basket at the door, full of bread and apples.', 'In the spring the guest came back and brought a sack of flour.', 'When the snow had gone, {hero} found {a look} {thing} on the step, and nobody knew who had left it.'],
  ['"What you give comes back," said {friend}.', '{hero} told {friend} about it, and {friend} was not surprised.', 'After that the door of {hero} was never locked.'],
  ENDING,
];

const contest: Plot = [
  OPENING, HABIT,
  ['Every summer there was a great {race}, and the prize was {prize}.', 'The whole village was talking about the {race}.', '{hero} wanted to win the {race} this year.'],
  ['{he} had worked for it all [year|spring].', '{friend} wanted to win too, and neither of them spoke about it.', '{he} could not sleep the night before.'],
  ['The [bell rang|flag came down], and they were off.', 'Everyone shouted, and the {race} began.'],
  ['{hero} was fast, and soon {he} was ahead of all the others.', 'First {friend} was in front, and then {hero} was in front.'],
  ['Then {he} heard a cry behind {him}.', 'But just before the end {he} saw that {friend} had fallen.', 'But then {he} saw {a animal} that was caught in a net beside the way.'],
  ['{he} looked at the end, which was so near, and then {he} turned around.', '"There will be another race," thought {hero} and stopped.', '{hero} did not think about the prize for long.'],
  ['{he} helped as well as {he} could, and the others went past.', 'It took a long time, and when {he} came in, {he} was the very last.'],
  ['But everyone had seen it, and they clapped more loudly than for the winner.', 'The winner came to {him} and said, "Half of {prize} is yours."', '{friend} said, "You lost the {race}, but I know who was the best."'],
  ENDING,
];

export const PLOTS: readonly Plot[] = [lost, storm, gift, garden, animal, learning, sound, journey, sharing, contest];
