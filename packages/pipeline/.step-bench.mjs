
import { gpt2 } from '/work/main/packages/model/dist/architectures/gpt2.js';
import { valueAndGrad, linearCrossEntropy, tensor, useDevice, memory, scope, disposeTree, globalNorm, countParameters, flatten, adamwUpdate, zerosLike, keep } from '@llm/tensor';
const S = JSON.parse(process.argv[2] ?? '{"layers":4,"width":128,"heads":4,"vocab":4096,"T":128,"B":16}');
console.log(await useDevice('wasm', { threads: Number(process.argv[3] ?? 2) }));
const model = gpt2({ modelType:'gpt2', vocabSize:S.vocab, hiddenSize:S.width, intermediateSize:4*S.width, layers:S.layers, heads:S.heads, maxPositions:S.T, normEps:1e-5, activation:'gelu', embeddingDropout:0, residualDropout:0, tied:true, initStd:0.02 });
const params = model.init(1);
const leaves = flatten(params); const st = {}; for (const [k,v] of Object.entries(leaves)) st[k] = { m: keep(zerosLike(v)), v: keep(zerosLike(v)) };
console.log('params', countParameters(params)/1e6, 'M');
const ids = Int32Array.from({length:S.B*S.T},()=>Math.floor(Math.random()*S.vocab)), tg = Int32Array.from(ids,(x)=> (x*7+1)%S.vocab);
const loss = (p) => { const x = tensor(ids,[S.B,S.T],'int32'); const t = tensor(tg,[S.B,S.T],'int32'); return linearCrossEntropy(model.hidden(p,{ids:x}), model.head(p), t, {}); };
const g = valueAndGrad(loss);
const prof = process.argv[4] === 'prof';
let wasm = 0, counts = {};
if (prof) { const b = (await import('/work/main/packages/tensor/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js')).default.engine().backend; const d = b.device; const orig = d.dispatch; d.dispatch = (fn,...r) => { const t=performance.now(); orig(fn,...r); const e=performance.now()-t; wasm+=e; (counts[fn]??=[0,0])[0]++; counts[fn][1]+=e; }; }
const times=[]; 
for (let i=0;i<14;i++) { if (i===5){wasm=0;for(const k in counts)delete counts[k];} const t0=performance.now(); const {value,grads}=g(params); const l=value.dataSync()[0]; value.dispose(); const n=globalNorm(Object.values(grads));
 adamwUpdate(Object.entries(grads).map(([k,grad])=>({param:leaves[k],grad,m:st[k].m,v:st[k].v,lr:1e-3,weightDecay:0.1})),{beta1:.9,beta2:.999,eps:1e-8,step:i+1,gradScale:Math.min(1,1/n)});
 disposeTree(grads); const e=performance.now()-t0; if(i>=5) times.push(e); console.log(i,'loss',l.toFixed(4),'norm',n.toFixed(3),e.toFixed(0)+'ms',JSON.stringify(memory())); }
times.sort((a,b)=>a-b); console.log('median',times[4|0].toFixed(1),'best',times[0].toFixed(1),'tok/s',(S.B*S.T/times[4]*1000).toFixed(0),'best',(S.B*S.T/times[0]*1000).toFixed(0));
if (prof) { console.log('in kernels per step',(wasm/9).toFixed(1)); console.table(Object.fromEntries(Object.entries(counts).sort((a,b)=>b[1][1]-a[1][1]).slice(0,25).map(([k,[n,t]])=>[k,{perStep:n/9,ms:+(t/9).toFixed(2)}]))); }
process.exit(0);
