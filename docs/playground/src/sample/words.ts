/** A person of the stories: a name and the pronouns that go with it. */
export interface Person {
  readonly name: string;
  readonly he: string;
  readonly him: string;
  readonly his: string;
}

const woman = (name: string): Person => ({ name, he: 'she', him: 'her', his: 'her' });
const man = (name: string): Person => ({ name, he: 'he', him: 'him', his: 'his' });

export const PEOPLE: readonly Person[] = [
  ...['Mara', 'Lina', 'Tess', 'Ada', 'Nora', 'Ivy', 'Wren', 'Petra', 'Olga', 'June', 'Rosa', 'Greta'].map(woman),
  ...['Tom', 'Ben', 'Finn', 'Otto', 'Hugo', 'Karl', 'Emil', 'Leo', 'Amir', 'Jonas', 'Theo', 'Pavel'].map(man),
];

/** Where a story happens, and what one sees there. */
export const PLACES: readonly { readonly place: string; readonly sight: string }[] = [
  { place: 'in a small village by the sea', sight: 'the boats in the harbour' },
  { place: 'in a quiet town under the hills', sight: 'the hills and the pine trees' },
  { place: 'on a farm beside the river', sight: 'the wide brown river' },
  { place: 'in a valley full of apple trees', sight: 'the rows of apple trees' },
  { place: 'on an island with one long road', sight: 'the grey waves and the gulls' },
  { place: 'in a street of narrow houses', sight: 'the red roofs of the houses' },
  { place: 'in a house at the edge of the forest', sight: 'the tall dark trees' },
  { place: 'in a village on top of a mountain', sight: 'the snow and the clouds below' },
];

/** What people do for a living. */
export const JOBS: readonly string[] = ['baker', 'gardener', 'fisher', 'potter', 'weaver', 'teacher', 'miller', 'painter', 'shepherd', 'carpenter'];

/** Things that can be lost, carried and given away: what they are like, and what they are. */
export const LOOKS: readonly string[] = ['small', 'old', 'blue', 'red', 'green', 'silver', 'wooden', 'round', 'bright', 'heavy', 'yellow', 'little'];
export const THINGS: readonly string[] = ['key', 'lamp', 'bell', 'cup', 'book', 'box', 'ring', 'clock', 'map', 'basket', 'coat', 'button', 'whistle', 'mirror'];

export const FOODS: readonly string[] = ['bread', 'soup', 'apple pie', 'plum cake', 'honey', 'warm milk', 'cheese', 'porridge'];
export const PLANTS: readonly string[] = ['bean', 'pumpkin', 'sunflower', 'pear tree', 'cabbage', 'rose', 'potato'];
export const ANIMALS: readonly string[] = ['kitten', 'puppy', 'lamb', 'duckling', 'owl', 'goat', 'pony', 'hedgehog', 'crow', 'rabbit'];
export const SKILLS: readonly { readonly skill: string; readonly tried: string; readonly event: string }[] = [
  { skill: 'play the flute', tried: 'the flute made a sound like an angry goose', event: 'at the spring dance' },
  { skill: 'swim', tried: 'the water came into {his} nose and {he} had to cough', event: 'on the last day of summer' },
  { skill: 'bake bread', tried: 'the loaf came out as black as coal', event: 'for the whole village' },
  { skill: 'ride a bicycle', tried: 'the bicycle rolled straight into the hedge', event: 'all the way to the bridge' },
  { skill: 'read', tried: 'the letters danced before {his} eyes like flies', event: 'in front of the whole class' },
  { skill: 'skate', tried: '{he} sat down on the ice with a loud bump', event: 'across the frozen lake' },
  { skill: 'sail a boat', tried: 'the boat turned in circles and would not stop', event: 'around the whole island' },
  { skill: 'sing', tried: '{his} voice shook and then went away', event: 'at the winter feast' },
];
/** What makes a strange sound at night, and what people first take it for. */
export const SOUNDS: readonly { readonly sound: string; readonly fear: string; readonly cause: string }[] = [
  { sound: 'a long low cry', fear: 'a wolf', cause: 'the wind in an empty bottle' },
  { sound: 'a slow knock, again and again', fear: 'a thief', cause: 'a loose shutter that moved in the wind' },
  { sound: 'soft steps on the roof', fear: 'a ghost', cause: 'a fat grey cat that was looking for a warm place' },
  { sound: 'a strange deep hum', fear: 'a monster', cause: 'a nest of bees in the old wall' },
  { sound: 'a scratch behind the door', fear: 'a bear', cause: 'a hedgehog that wanted to come in' },
];
export const BROKEN: readonly { readonly broken: string; readonly tools: string }[] = [
  { broken: 'the bridge over the stream', tools: 'planks and long nails' },
  { broken: 'the roof of the school', tools: 'ladders and new tiles' },
  { broken: 'the fence around the sheep', tools: 'posts and a roll of wire' },
  { broken: 'the wheel of the mill', tools: 'ropes and strong beams' },
  { broken: 'the door of the barn', tools: 'a saw and two new boards' },
];
export const RACES: readonly { readonly race: string; readonly prize: string }[] = [
  { race: 'boat race', prize: 'a silver cup' },
  { race: 'kite contest', prize: 'a basket of plums' },
  { race: 'running race', prize: 'a pair of new shoes' },
  { race: 'snow sled race', prize: 'a warm blanket' },
];
