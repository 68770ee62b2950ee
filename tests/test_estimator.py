"""The estimators: scikit-learn's own checks, and what its users rely on."""

import pickle
import subprocess
import sys
import warnings
from importlib.util import find_spec

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array, csr_matrix
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from handgrad import calibration, losses, model_file, templates, training
from handgrad.engines import Engine
from handgrad.estimator import TemplateClassifier, TwoLayerClassifier
from handgrad.network import init_params

REFERENCE = Engine("reference", lambda array: array, training.run_epoch)
CHECKS = [
    pytest.param(*case, id=f"{type(case[0]).__name__}-{getattr(case[1], 'func', case[1]).__name__}-{i}")
    for estimator in (TwoLayerClassifier(hidden=16, max_iter=5), TemplateClassifier())
    for i, case in enumerate(estimator_checks_generator(estimator))  # none is expected to fail
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the checks themselves
        check(estimator)


@pytest.fixture(scope="module")
def tens():
    """Digits of scikit-learn, 0 to 16, and their labels: to learn from, and others."""
    X, y = load_digits(return_X_y=True)
    return (X[:1000], y[:1000]), (X[1000:], y[1000:])


def quick(**choices):
    return TwoLayerClassifier(**{"hidden": 32, "max_iter": 10, "random_state": 0} | choices)


def assert_same(one, other):
    for a, b in zip([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
        assert a.tobytes() == b.tobytes()
    assert one.loss_curve_ == other.loss_curve_


def test_it_learns(tens):
    (X, y), (X_test, y_test) = tens
    assert TwoLayerClassifier(hidden=64, random_state=0).fit(X, y).score(X_test, y_test) > 0.93


@pytest.mark.parametrize("kind", ["dense", "sparse", "pixels"])
@pytest.mark.parametrize("engine", [REFERENCE, "auto"], ids=["reference", "auto"])
@pytest.mark.parametrize("class_weight", [None, "balanced", {1: 5.0}], ids=str)
def test_a_weight_is_the_row_so_many_times_to_the_bit(kind, engine, class_weight, tens, rng):
    """On the reference as on the fast engines, in batches, whatever the order of the rows."""
    X, y = tens[0][0][:120], tens[0][1][:120] % 3
    X = {"dense": X + 1.0, "sparse": X, "pixels": X.astype(np.uint8)}[kind]
    if kind == "sparse" and engine != REFERENCE:
        X = csr_matrix(X)
    counts = rng.integers(0, 4, len(y))
    rows = rng.permutation(np.repeat(np.arange(len(y)), counts))
    chosen = {"engine": engine, "class_weight": class_weight, "max_iter": 3, "batch_size": 16}
    if kind == "sparse" and engine == REFERENCE:
        X = X + 1.0  # which has no lists
    weighted = quick(**chosen).fit(X, y, sample_weight=counts)
    assert_same(weighted, quick(**chosen).fit(X[rows], y[rows]))
    unweighted = quick(**chosen).fit(X, y)
    assert any(a.tobytes() != b.tobytes() for a, b in zip(weighted.coefs_, unweighted.coefs_, strict=True))
    # a weight that is no number of rows, and all of them times 2
    fractions = rng.uniform(0.5, 2, len(y))
    assert_same(quick(**chosen).fit(X, y, fractions), quick(**chosen).fit(X, y, 2 * fractions))


def test_arrays_frames_and_sparse_matrices_are_one(tens):
    (X, y), (X_test, _) = tens
    X, X_test = X * (X > 4), X_test * (X_test > 4)  # of which fewer than half are not 0
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(X.shape[1])])
    dense, sparse = quick().fit(X, y), quick().fit(csr_matrix(X), y)
    assert_same(dense, quick().fit(frame, y))
    assert_same(dense, sparse)  # both are lists of ink: half of the numbers are 0
    assert_same(sparse, quick().fit(coo_array(X), y))
    named = quick(max_iter=1).fit(frame, y)
    assert named.feature_names_in_.tolist() == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        named.predict(frame[frame.columns[::-1]])
    np.testing.assert_allclose(dense.predict_proba(csr_matrix(X_test)), dense.predict_proba(X_test))


def test_float32_stays_float32(tens):
    (X, y), _ = tens
    for dtype in (np.float32, np.float64):
        fitted = quick(max_iter=1).fit(X.astype(dtype), y)
        assert {a.dtype for a in [*fitted.coefs_, *fitted.intercepts_]} == {np.dtype(dtype)}
        assert fitted.predict_proba(X.astype(dtype)).dtype == dtype
    assert quick(max_iter=1).fit(X.astype(np.uint8), y).coefs_[0].dtype == np.float32


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "c"],
        [-3, 7, 1000],
        [0.0, 1.0, 2.0],
        [False, True, False],
        np.array(["x", "yy", "z"], object),
    ],
)
def test_labels_of_any_type(labels):
    X, y = load_iris(return_X_y=True)
    named = np.array(labels)[y]
    fitted = TwoLayerClassifier(hidden=16, max_iter=150, random_state=0).fit(X, named)
    assert set(fitted.predict(X)) <= set(named)
    assert fitted.score(X, named) > 0.9
    np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("factor", [1e-30, 2.0**-7, 255.0, 1e30])
def test_the_unit_of_the_features_does_not_matter(factor, tens):
    (X, y), _ = tens
    X = X.astype(np.float32) * np.float32(factor)
    fitted = quick(max_iter=20).fit(X, y)
    assert 0.05 / 2 < ((fitted.scale_ * X[:200].astype(float)) ** 2).mean() < 0.2 * 2
    assert fitted.score(X, y) > 0.9


def test_early_stopping_restores_the_best_weights(tens):
    (X, y), (X_val, y_val) = tens
    for scoring in ("loss", "accuracy", "neg_log_loss", lambda fitted, X, y: -1.0):
        chosen = {"scoring": scoring, "n_iter_no_change": 3, "max_iter": 60, "tol": 1e-3}
        fitted = quick(**chosen).fit(X, y, X_val=X_val, y_val=y_val)
        scores = fitted.validation_scores_
        assert fitted.n_iter_ == len(scores) == len(fitted.validation_loss_curve_) < 60
        assert scores[fitted.best_iter_ - 1] == max(scores)
        assert fitted.n_iter_ >= fitted.best_iter_
        if scoring == "accuracy":
            assert fitted.score(X_val, y_val) == pytest.approx(max(scores))
    whole = quick(early_stopping=False, max_iter=4).fit(X, y, X_val=X_val, y_val=y_val)
    assert whole.n_iter_ == whole.best_iter_ == len(whole.validation_scores_) == 4
    held_back = quick(early_stopping=True, validation_fraction=0.2).fit(X, y)
    assert len(held_back.validation_scores_) == held_back.n_iter_
    assert not hasattr(quick(max_iter=1).fit(X, y), "validation_scores_")


def test_validation_rows_have_weights_of_their_own(tens):
    (X, y), (X_val, y_val) = tens
    weights = np.where(y_val == 3, 5.0, 0.5)
    some = quick(max_iter=2, scoring="accuracy").fit(
        X, y, X_val=X_val, y_val=y_val, sample_weight_val=weights
    )
    right = some.predict(X_val) == y_val
    assert some.validation_scores_[some.best_iter_ - 1] == pytest.approx(np.average(right, weights=weights))
    assert right.mean() != pytest.approx(np.average(right, weights=weights))


def test_probabilities_are_calibrated_on_the_validation_rows(tens):
    """The temperature is the one with the least log loss."""
    (X, y), (X_val, y_val) = tens
    fitted = quick(max_iter=30).fit(X, y, X_val=X_val, y_val=y_val)
    assert fitted.temperature_ != 1
    p = fitted.predict_proba(X_val)

    def log_loss(of):
        return -np.log(of[np.arange(len(y_val)), y_val]).mean()

    fitted.temperature_ = 1.0
    log_y = np.log(fitted.predict_proba(X_val))
    assert log_loss(p) < log_loss(np.exp(log_y))
    temperatures = np.geomspace(0.1, 10, 400)
    measured = [log_loss(calibration.probabilities(log_y, t)) for t in temperatures]
    best = temperatures[int(np.argmin(measured))]
    assert calibration.temperature_of(log_y, y_val) == pytest.approx(best, rel=0.1)


def test_partial_fit_and_warm_start_go_on(tens):
    (X, y), _ = tens
    going = quick(schedule="constant", learning_rate=0.5, warmup=0.0, batch_size=50)
    going.partial_fit(X[:500], y[:500], classes=range(10))
    before = going.coefs_[0].copy()
    going.partial_fit(X[500:], y[500:])
    assert (before != going.coefs_[0]).any()
    assert going.n_iter_ == len(going.loss_curve_) == 2
    whole = quick(
        schedule="constant", learning_rate=0.5, warmup=0.0, batch_size=50, max_iter=2, optimizer="adam"
    )
    whole.fit(X, y)
    step = clone(whole).set_params(max_iter=1, warm_start=True).fit(X, y).fit(X, y)
    assert_same(whole, step)  # the optimizer's memory and the order of rows go on too
    with pytest.raises(ValueError, match="expected y among the classes"):
        step.fit(X, y + 1)
    with pytest.raises(ValueError, match="needs all rows"):
        quick(class_weight="balanced").partial_fit(X, y, classes=range(10))


def test_it_begins_with_what_it_is_told(tens, tmp_path):
    (X, y), (X_test, _) = tens
    still = {"learning_rate": 0.0, "max_iter": 1}
    templates = TemplateClassifier().fit(X, y)
    begun = quick(init="templates", **still).fit(X, y)
    assert (begun.predict(X_test) == templates.predict(X_test)).mean() > 0.99
    params = init_params(64, 20, 10, np.random.default_rng(1))
    own = quick(init=params, **still).fit(X, y)
    np.testing.assert_allclose(own.coefs_[0], params.W1.T)
    fitted = quick().fit(X.astype(np.uint8) * 15, y)
    again = quick(init=fitted, **still).fit(X.astype(np.uint8) * 15, y)
    np.testing.assert_array_equal(again.predict(X_test), fitted.predict(X_test))
    model = fitted.to_model()
    np.testing.assert_array_equal(
        model.predict(X.astype(np.uint8) * 15), fitted.predict(X.astype(np.uint8) * 15)
    )
    path = tmp_path / "model"
    model_file.save(
        path, quick(early_stopping=True).fit(X, y).to_model()
    )  # a Model has what a model file needs
    assert {"loss", "validation_loss", "score", "train_accuracy"} < set(model_file.load(path).history[0])
    odd = quick(init=model, **still).fit(X.astype(np.uint8)[y % 2 == 1] * 15, y[y % 2 == 1])
    np.testing.assert_allclose(odd.coefs_[1], fitted.coefs_[1][:, 1::2], rtol=1e-6)
    other = quick(init=model, **still).fit(X.astype(np.uint8) * 15, y.astype(str))
    np.testing.assert_allclose(other.coefs_[0], fitted.coefs_[0], rtol=1e-6)  # with a new last layer
    for wrong, message in (
        ("zero", "expected init to be"),
        (init_params(3, 4, 10, np.random.default_rng(1)), "expected init with W1"),
    ):
        with pytest.raises(ValueError, match=message):
            quick(init=wrong).fit(X, y)


def test_within_scikit_learn(tens, tmp_path):
    (X, y), (X_test, y_test) = tens
    X, y = X[:300], y[:300]
    assert cross_val_score(make_pipeline(StandardScaler(), quick()), X, y, cv=3).mean() > 0.8
    search = GridSearchCV(quick(), {"hidden": [4, 32]}, cv=2, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"hidden": 32}
    calibrated = CalibratedClassifierCV(quick(max_iter=60), cv=2).fit(X, y)
    assert calibrated.score(X_test, y_test) > 0.8
    fitted = quick().fit(X, y)
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    for read in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "fitted.joblib")):
        assert_same(fitted, read)
        np.testing.assert_array_equal(read.predict_proba(X_test), fitted.predict_proba(X_test))


def threads_there(n_jobs):
    from handgrad.estimator.watching import threads_of

    return threads_of(n_jobs)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_in_a_worker_the_engine_has_one_thread(backend):
    assert threads_there(None) == 1
    assert threads_there(3) == 3
    with joblib.parallel_backend(backend, n_jobs=2):
        assert joblib.Parallel()(joblib.delayed(threads_there)(n) for n in (3, -1)) == [1, 1]


def test_a_notebook_and_a_terminal_see_it(tens, capsys):
    (X, y), (X_val, y_val) = tens
    assert "not fitted" in quick()._repr_html_().lower()
    fitted = quick(max_iter=3, verbose=True).fit(X, y, X_val=X_val, y_val=y_val)
    assert "epochs" in capsys.readouterr().err
    html = fitted._repr_mimebundle_()["text/html"]
    assert "64 -&gt; 32 relu -&gt; 10" in html
    assert html.count("<tr>") >= 4
    assert list(fitted.history_[0]) == ["epoch", "loss", "validation_loss", "score"]


@pytest.mark.skipif(find_spec("sklearn.callback") is None, reason="callbacks came with scikit-learn 1.9")
def test_callbacks_see_every_epoch_and_may_stop(tens):
    from sklearn.callback import ScoringMonitor

    (X, y), _ = tens
    monitor = ScoringMonitor(scoring="accuracy")
    fitted = quick(max_iter=4)
    fitted.set_callbacks(monitor)
    fitted.fit(X, y)
    log = monitor.get_logs(select="most_recent").data
    scores = [record["accuracy"] for record in log if record["task_name"] == "epoch"]
    assert len(scores) == 4
    assert scores[-1] == fitted.score(X, y)

    class Stop:
        seen = 0

        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                self.seen += 1
                assert fitted_estimator.predict(X[:3]).shape == (3,)
            return self.seen == 2

    stopped = quick(max_iter=9)
    stop = Stop()
    stopped.set_callbacks(stop)
    assert stopped.fit(X, y).n_iter_ == stop.seen == 2


def test_the_baseline_is_the_lesson_s(mnist):
    (images, labels), (test_images, _) = mnist
    images, labels, test_images = images[:5000].reshape(5000, -1), labels[:5000], test_images.reshape(-1, 784)
    fitted = TemplateClassifier().fit(images, labels)
    expected = templates.predict(templates.fit(images, labels), test_images[:2000])
    np.testing.assert_array_equal(fitted.predict(test_images[:2000]), expected)


def test_importing_handgrad_does_not_import_scikit_learn():
    program = "import sys, handgrad, handgrad.runs, handgrad.engines; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_scikit_learn_the_extra_is_named():
    program = """if True:
        import sys
        sys.modules["sklearn"] = None
        from handgrad.errors import MissingExtraError
        try:
            import handgrad.estimator
        except MissingExtraError as error:
            assert "handgrad[estimator]" in str(error)
        else:
            raise AssertionError("imported")"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"early_stopping": "yes"}, "expected early_stopping to be True, False or 'auto'; got 'yes'"),
        ({"class_weight": 3}, "expected class_weight to be None, 'balanced' or a dictionary; got 3"),
        ({"activation": "swish"}, "expected activation to be one of"),
        ({"max_iter": 0}, "expected max_iter to be a whole number, 1 or more; got 0"),
        ({"class_weight": {"a": 2}}, "expected class_weight of the classes .*; got one of a"),
        (
            {"loss": lambda y, labels: losses.l2_loss(y, labels), "class_weight": {1: 2}},
            "a loss that takes weights",
        ),
        ({"batch_size": 0}, "expected batch_size to be a whole number"),
        ({"init": "templates", "hidden": 3}, "two hidden units for each of 10 classes"),
    ],
)
def test_a_choice_that_cannot_be_is_named(choices, message, tens):
    with pytest.raises(ValueError, match=message):
        quick(**choices).fit(*tens[0])
