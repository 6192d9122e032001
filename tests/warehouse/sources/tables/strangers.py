"""Files as strangers have them, and the kind of each."""

from __future__ import annotations

import json
import random

DRAWN = random.Random(7)


def value() -> str:
    return f"{DRAWN.random():.6f}"


def table(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def product(*lists):
    found = [()]
    for one in lists:
        found = [(*before, item) for before in found for item in one]
    return found


POINTS = product(("RS", "TPE"), ("iris", "wine"), (0, 1), (1, 2, 4))

FILES = {
    "optuna_two.csv": table(
        "number,values_0,values_1,datetime_start,datetime_complete,duration,params_x,params_y,state",
        [
            f"{i},{value()},{value()},2026-01-01 10:0{i}:00,2026-01-01 10:0{i}:30,0 days 00:00:30,1.{i},2,COMPLETE"
            for i in range(10)
        ],
    ),
    "deepcave.csv": table(
        "config_id,seed,lr,depth,metric:accuracy [0.0; 1.0] (maximize),metric:time (minimize),start_time,status",
        [f"{i},0,{value()},{i % 4},{value()},{value()},{i}.0,SUCCESS" for i in range(12)],
    ),
    "hyperopt.json": json.dumps(
        [
            {"params": {"lr": i / 7, "depth": i % 3}, "result": {"loss": i / 9, "status": "ok"}, "tid": i}
            for i in range(12)
        ]
    ),
    "ax.csv": table(
        "trial_index,arm_name,trial_status,generation_method,x1,x2,hartmann6",
        [f"{i},{i}_0,COMPLETED,Sobol,{value()},{value()},{value()}" for i in range(12)],
    ),
    "comet.csv": table(
        "experimentKey,name,lr,batch_size,val_loss_min",
        [f"ab{i}c,exp{i},{value()},{32 * (1 + i % 2)},{value()}" for i in range(12)],
    ),
    "mlflow_runs.csv": table(
        "run_id,experiment_id,status,artifact_uri,metrics.val_loss,params.lr,params.depth,tags.mlflow.user",
        [f"{i:032x},1,FINISHED,file:///x,{value()},{value()},{i % 4},me" for i in range(12)],
    ),
    "random_search.csv": table("lr,depth,val_loss", [f"{value()},{i % 3},{value()}" for i in range(12)]),
    "with_seed.csv": table("lr,depth,seed,val_loss", [f"{value()},{i % 3},{i % 2},{value()}" for i in range(12)]),
    "repeated.csv": table("lr,depth,val_acc", [f"{lr},{d},{value()}" for lr, d, _ in product((1, 2), (3, 4), "abc")]),
    "repeats.csv": table(
        "lr,depth,repeat,acc", [f"{x},{d},{r},{value()}" for x, d, r in product((1, 2), (3, 4), (0, 1))]
    ),
    "with_id.csv": table(
        "config_id,lr,depth,acc", [f"c{x}{d},{x},{d},{value()}" for x, d in product((1, 2, 3), (3, 4))]
    ),
    "only_ids.csv": table("config_id,seed,loss", [f"c{c},{s},{value()}" for c, s in product(range(4), range(3))]),
    "walltime.csv": table(
        "Optimizer,Benchmark,Seed,Wallclock Time,Best Validation Loss",
        [f"{a},{d},{s},{t},{value()}" for a, d, s, t in POINTS],
    ),
    "stamped.csv": table(
        "timestamp,algorithm,dataset,seed,iteration,loss",
        [f"2026-01-01 10:0{t}:0{s},{a},{d},{s},{t},{value()}" for a, d, s, t in POINTS],
    ),
    "ioh.csv": table(
        "evaluations,raw_y,algorithm_name,function_name,dimension,seed",
        [
            f"{t},{value()},{a},{d},{n},{s}"
            for a, d, s, t, n in product(("CMA", "RS"), ("F1", "F2"), (0, 1), (1, 9), (2, 5))
        ],
    ),
    "amlb.csv": table(
        "task,framework,fold,result,metric,utc,duration",
        [
            f"{d},{f},{k},{value()},{m},2026-01-0{k + 1}T10:00:00,{100 + k}.{len(d)}{ord(f)}"
            for (d, m), f, k in product((("iris", "logloss"), ("adult", "auc"), ("odd", "gain")), ("A", "B"), range(2))
        ],
    ),
    "curves.csv": table(
        "trial_id,lr,epoch,val_loss", [f"{t},0.{t}5,{e},{value()}" for t, e in product(range(1, 6), range(1, 5))]
    ),
    "halving.csv": table(
        "trial_id,lr,epoch,val_loss",
        [f"{t},0.{t}5,{e},{value()}" for e, last in ((1, 9), (3, 3), (9, 1)) for t in range(1, last + 1)],
    ),
    "budgets.csv": table("lr,depth,budget,loss", [f"{value()},{i % 3},{1 + i % 2},{value()}" for i in range(12)]),
    "run_trials.csv": table(
        "algorithm,dataset,seed,trial,status,start_time,loss",
        [f"{a},{d},{s},{t},ok,2026-01-01T10:0{t}:00,{value()}" for a, d, s, t in POINTS],
    ),
    "blanks.txt": table("lr depth val_loss", [f"{value()} {i % 3} {value()}" for i in range(12)]),
    "tabs.csv": table("lr\tdepth\tval_loss", [f"{value()}\t{i % 3}\t{value()}" for i in range(12)]),
}

FILES |= {
    "openml.csv": table(
        "run_id,task_id,setup_id,flow_id,flow_name,data_id,data_name,function,value",
        [
            f"{i},{d},1,{f},flow{f},{d},data{d},area_under_roc_curve,{value()}"
            for i, (d, f) in enumerate(product("345", "12"))
        ],
    ),
    "mlr3.csv": table(
        "nr,task_id,learner_id,resampling_id,iteration,classif.ce",
        [f"1,{d},classif.{a},cv,{k},{value()}" for d, a, k in product(("iris", "wine"), ("rpart", "svm"), (1, 2, 3))],
    ),
    "weka.csv": table(
        "Key_Dataset,Key_Run,Key_Fold,Key_Scheme,Key_Scheme_options,Date_time,Number_correct,Percent_correct,Kappa_statistic",
        [
            f"{d},{r},{k},{a},-C,2026,{r},{value()},{value()}"
            for d, r, k, a in product(("iris", "wine"), (1, 2), (1, 2), "AB")
        ],
    ),
    "lm_eval.csv": table(
        "Model,Version,Filter,n-shot,Tasks,Metric,Value,Stderr",
        [f"{m},1,none,5,{t},acc,{value()},0.01" for m, t in product(("llama", "qwen"), ("piqa", "arc", "boolq"))],
    ),
    "nevergrad_bench.csv": table(
        "budget,dimension,elapsed_time,error,loss,name,optimizer_name,pseudotime,seed",
        [f"{b},2,{value()},,{value()},{d},{a},{b},{s}" for a, d, s, b in POINTS],
    ),
    "empty.csv": table("lr,depth,notes,loss", [f"{x},{d},,{value()}" for x, d in product((1, 2, 3), (3, 4))]),
    "mljar.csv": table(
        "name,model_type,metric_type,metric_value,train_time",
        [f"{i}_{m},{m},logloss,{value()},{value()}" for i, m in enumerate("ABCD")],
    ),
    "caret.csv": table(
        '"",mtry,rule,Accuracy,Kappa,AccuracySD,KappaSD',
        [f"{m}{r},{m},{r},{value()},{value()},{value()},{value()}" for m, r in product((2, 4, 8), (1, 5))],
    ),
    "xgb_cv.csv": table(
        "eta,depth,test-bleurt-mean,test-bleurt-std,test-auc-mean,test-auc-std",
        [f"{e},{d},{value()},{value()},{value()},{value()}" for e, d in product((0.1, 0.3), (3, 6))],
    ),
    "lcbench.csv": table(
        "dataset,config_id,lr,depth,width,epoch,val_accuracy,val_cross_entropy",
        [
            f"{d},{c},0.{c}5,{c},{7 * c},{e},{value()},{value()}"
            for d, c, e in product(("adult", "letter"), range(6), (1, 5, 52))
        ],
    ),
    "data_sets.csv": table(
        "dataset,lr,depth,val_loss", [f"{'ab'[i % 2]},{value()},{i % 3},{value()}" for i in range(12)]
    ),
    "entropy.csv": table(
        "lr,depth,val_accuracy,test_cross_entropy", [f"{value()},{i % 3},{value()},{value()}" for i in range(12)]
    ),
    "hpobench.csv": table(
        "task_id,depth,trees,seed,function_value,cost",
        [f"31,{d},{t},{s},{value()},{value()}" for d, t, s in product((1, 2), (16, 64), (0, 1))],
    ),
    "nasbench.csv": table(
        "op_0,op_1,cifar10_valid_acc,cifar10_test_acc",
        [f"{a},{b},{value()},{value()}" for a, b in product(("none", "skip"), ("none", "skip"))],
    ),
    "progress.csv": table("epoch,step,train_loss,val_loss", [f"{i // 4},{i},{value()},{value()}" for i in range(12)]),
    "rl.csv": table(
        "exp_name,env_id,seed,global_step,episodic_return",
        [f"{a},{d},{s},{1000 * t},{value()}" for a, d, s, t in POINTS],
    ),
    "agents.csv": table("agent,game,run,frames,return", [f"{a},{d},{s},{1000 * t},{value()}" for a, d, s, t in POINTS]),
    "nevergrad.jsonl": "".join(
        json.dumps(
            {
                "#parametrization": "Dict",
                "#uid": f"u{i}",
                "#loss": i / 7,
                "#optimizer": "DE",
                "#num-ask": i,
                "lr": i / 9,
                "depth": i % 3,
            }
        )
        + "\n"
        for i in range(12)
    ),
    "flaml.jsonl": "".join(
        json.dumps(
            {
                "record_id": i,
                "trial_time": 1.5,
                "validation_loss": i / 7,
                "config": {"lr": i / 9},
                "learner": "lgbm",
                "sample_size": 10,
            }
        )
        + "\n"
        for i in range(6)
    )
    + '{"curr_best_record_id": 3}\n',
    "hyperopt_trials.json": json.dumps(
        [
            {
                "state": 2 + (i == 3),
                "tid": i,
                "result": {"loss": i / 9, "status": "ok"} if i != 3 else {"loss": None, "status": "new"},
                "misc": {
                    "tid": i,
                    "idxs": {"lr": [i], "depth": [i][: i % 2]},
                    "vals": {"lr": [i / 7], "depth": [i][: i % 2]},
                },
                "owner": None,
            }
            for i in range(12)
        ]
    ),
    "open_llm.csv": table(
        "id,Precision,Type,Weight,License,Sha,Hub likes,CO2 cost (kg),Model,Average,IFEval,BBH,MATH",
        [
            f"m{i},bf16,chat,o,mit,s{i},{i * 7},{value()},org/m{i},{value()},{value()},{value()},{value()}"
            for i in range(12)
        ],
    ),
}

KINDS = {
    "lm_eval.csv": "runs", "nevergrad_bench.csv": "runs", "empty.csv": "grid",
    "openml.csv": "runs", "mlr3.csv": "runs", "weka.csv": "runs", "mljar.csv": "runs", "agents.csv": "runs",
    "caret.csv": "grid", "hpobench.csv": "grid", "nasbench.csv": "grid", "xgb_cv.csv": "grid", "progress.csv": "runs",
    "lcbench.csv": "trials", "data_sets.csv": "trials", "entropy.csv": "trials", "nevergrad.jsonl": "trials",
    "flaml.jsonl": "trials", "hyperopt_trials.json": "trials",
    "optuna_two.csv": "trials", "deepcave.csv": "trials", "hyperopt.json": "trials", "ax.csv": "trials",
    "comet.csv": "trials", "mlflow_runs.csv": "trials", "random_search.csv": "trials", "with_seed.csv": "trials",
    "repeated.csv": "trials", "repeats.csv": "grid", "with_id.csv": "grid", "only_ids.csv": "grid",
    "walltime.csv": "runs", "stamped.csv": "runs", "ioh.csv": "runs", "amlb.csv": "runs", "blanks.txt": "trials",
    "tabs.csv": "trials", "curves.csv": "trials", "halving.csv": "trials", "budgets.csv": "trials",
    "run_trials.csv": "runs",
}  # fmt: skip
